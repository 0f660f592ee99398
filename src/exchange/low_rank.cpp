#include "exchange/low_rank.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <vector>

#include "exchange/adapter_sum.h"

namespace banchu {
namespace {

using Matrix = Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Thin {
  Matrix q;  // [rows, k]
  Matrix r;  // [k, columns], k = min(rows, columns)
};

Thin thin_qr(const Matrix& x) {
  const Eigen::Index k = std::min(x.rows(), x.cols());
  const Eigen::HouseholderQR<Matrix> qr(x);
  Matrix q = qr.householderQ() * Matrix::Identity(x.rows(), k);
  Matrix r = qr.matrixQR().topRows(k).triangularView<Eigen::Upper>();
  return {std::move(q), std::move(r)};
}

std::vector<float> row_major(const Matrix& x) {
  std::vector<float> out(static_cast<std::size_t>(x.size()));
  Eigen::Map<RowMajor>(out.data(), x.rows(), x.cols()) = x.cast<float>();
  return out;
}

struct Cut {
  ScaledTensor kept;
  double lost = 0;  // squared Frobenius norms
  double whole = 0;
};

Matrix wide(const std::vector<float>& values, std::uint32_t rows, std::uint32_t columns) {
  return Eigen::Map<const RowMajor>(values.data(), rows, columns).cast<double>();
}

// U S V^T of `core`. The divide-and-conquer method is many times faster on large cores, Jacobi more exact on small
// ones.
template <typename Svd>
Cut cut(const AdapterTensor& from, double scale, std::uint32_t rank, const Thin& b, const Thin& a, const Svd& svd) {
  const Eigen::VectorXd s = svd.singularValues() * std::abs(scale);
  const Eigen::Index r = std::min<Eigen::Index>(rank, s.size());
  const Eigen::VectorXd root = s.head(r).cwiseSqrt();
  const double sign = scale < 0 ? -1 : 1;
  AdapterTensor to{from.base, from.in, from.out, static_cast<std::uint32_t>(r), {}, {}};
  to.b = row_major(sign * (b.q * svd.matrixU().leftCols(r) * root.asDiagonal()));
  to.a = row_major((a.q * svd.matrixV().leftCols(r) * root.asDiagonal()).transpose());
  return {{std::move(to), 1.0}, s.tail(s.size() - r).squaredNorm(), s.squaredNorm()};
}

Cut cut(const AdapterTensor& from, double scale, std::uint32_t rank) {
  constexpr Eigen::Index kSmall = 64;
  const Thin b = thin_qr(wide(from.b, from.out, from.rank));
  const Thin a = thin_qr(wide(from.a, from.rank, from.in).transpose());
  const Matrix core = b.r * a.r.transpose();
  constexpr int kVectors = Eigen::ComputeThinU | Eigen::ComputeThinV;
  if (std::max(core.rows(), core.cols()) <= kSmall) {
    return cut(from, scale, rank, b, a, Eigen::JacobiSVD<Matrix>(core, kVectors));
  }
  return cut(from, scale, rank, b, a, Eigen::BDCSVD<Matrix>(core, kVectors));
}

// |s B A|^2 = sum of (B^T B) o (A A^T): for the matrices that are kept as they are.
double squared_norm(const AdapterTensor& tensor, double scale) {
  const Matrix b = wide(tensor.b, tensor.out, tensor.rank), a = wide(tensor.a, tensor.rank, tensor.in);
  return scale * scale * (b.transpose() * b).cwiseProduct(a * a.transpose()).sum();
}

double relative(double lost, double whole) { return whole > 0 ? std::sqrt(lost / whole) : 0; }

}  // namespace

Result<LowRankAdapter> lower_rank(const Adapter& adapter, std::uint32_t rank, const ProgressSink& progress,
                                  const CancelFlag* cancel) {
  if (rank == 0) return make_error(Code::InvalidArgument, "an adapter cannot have rank 0", "give --rank 1 or more");
  LowRankAdapter result;
  std::vector<ScaledTensor> kept;
  double lost = 0, whole = 0;
  for (const AdapterTensor& tensor : adapter.tensors) {
    if (is_cancelled(cancel)) return make_error(Code::Cancelled, "stopped; nothing was written");
    if (progress) progress({"compressing", kept.size(), adapter.tensors.size(), "tensor", tensor.base});
    const double scale = scale_of(adapter, tensor);
    if (tensor.rank <= rank) {
      kept.push_back({tensor, scale});
      whole += squared_norm(tensor, scale);
      continue;
    }
    Cut part = cut(tensor, scale, rank);
    lost += part.lost;
    whole += part.whole;
    ++result.compressed;
    if (const double error = relative(part.lost, part.whole); error > result.worst_relative_error) {
      result.worst_relative_error = error;
      result.worst_tensor = tensor.base;
    }
    kept.push_back(std::move(part.kept));
  }
  result.relative_error = relative(lost, whole);
  result.adapter = assemble(adapter.architecture, std::move(kept));
  return result;
}

}  // namespace banchu
