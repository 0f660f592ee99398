#include "exchange/merge.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <map>
#include <optional>

#include "exchange/adapter_fit.h"
#include "exchange/adapter_sum.h"
#include "model/float_model.h"
#include "model/quantise.h"

namespace banchu {
namespace fs = std::filesystem;
namespace {

using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Rows = Eigen::Map<RowMajor>;
using ConstRows = Eigen::Map<const RowMajor>;

std::optional<FloatType> float_type(const std::string& format) {
  if (format == "f16") return FloatType::f16;
  if (format == "bf16") return FloatType::bf16;
  if (format == "f32") return FloatType::f32;
  return std::nullopt;
}

// rows [first, first + n) of W += scale B A.
void add_update(const AdapterTensor& update, double scale, std::uint64_t first, std::span<float> values) {
  const Eigen::Index rank = update.rank, in = update.in;
  const Eigen::Index n = static_cast<Eigen::Index>(values.size()) / in;
  const ConstRows b(update.b.data() + first * update.rank, n, rank), a(update.a.data(), rank, in);
  const RowMajor scaled = b * static_cast<float>(scale);
  Rows(values.data(), n, in).noalias() += scaled * a;
}

FloatModelRequest float_request(const MergeRequest& request, FloatType type) {
  FloatModelRequest out{type, {}, {}, request.progress, request.cancel};
  if (request.adapter == nullptr) return out;
  std::map<std::string, const AdapterTensor*> updates;
  for (const AdapterTensor& tensor : request.adapter->tensors) {
    updates[tensor.base] = &tensor;
    out.changed.insert(tensor.base);
  }
  out.change = [updates, adapter = request.adapter](const GgufTensor& tensor, std::uint64_t row,
                                                    std::span<float> values) {
    const AdapterTensor& update = *updates.at(tensor.name);
    add_update(update, scale_of(*adapter, update), row, values);
  };
  return out;
}

// What lies between the base and the quantiser keeps as much of the base's own numbers as 16 bits can.
FloatType between(const GgufFile& base) {
  const Result<ModelInfo> info = model_info(base);
  return info && info->quantisation == "BF16" ? FloatType::bf16 : FloatType::f16;
}

Status quantise(const MergeRequest& request) {
  BANCHU_TRY(AtomicFile wide, AtomicFile::create(fs::path(request.to).concat(".16bit")));  // never committed
  const FloatModelRequest step = float_request(request, between(*request.base));
  BANCHU_TRY_STATUS(write_float_model(*request.base, step, wide));
  return quantise_model(wide.temporary_path(), request.to,
                        {request.format, request.threads, request.progress, request.cancel});
}

Status write_floats(const MergeRequest& request, FloatType type) {
  BANCHU_TRY(AtomicFile file, AtomicFile::create(request.to));
  BANCHU_TRY_STATUS(write_float_model(*request.base, float_request(request, type), file));
  return file.commit();
}

Status check_format(const std::string& format) {
  const std::vector<std::string> known = merge_formats();
  if (std::find(known.begin(), known.end(), format) != known.end()) return {};
  return make_error(Code::InvalidArgument, fmt::format("there is no format {} for a merged model", format),
                    "one of: " + fmt::format("{}", fmt::join(known, ", ")));
}

}  // namespace

std::vector<std::string> merge_formats() {
  std::vector<std::string> names = {"f16", "bf16", "f32"};
  const std::vector<std::string>& more = quantisation_names();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

Result<MergeOutcome> merge_model(const MergeRequest& request) {
  BANCHU_TRY_STATUS(check_format(request.format));
  if (request.adapter != nullptr) BANCHU_TRY_STATUS(check_fits(*request.adapter, *request.base, "to be merged"));
  std::error_code failure;
  if (fs::equivalent(request.to, request.base->path(), failure)) {
    return make_error(Code::InvalidArgument, request.to.string() + " is the base model itself",
                      "write the merged model to another file");
  }
  const auto type = float_type(request.format);
  BANCHU_TRY_STATUS(type ? write_floats(request, *type) : quantise(request));
  return MergeOutcome{fs::file_size(request.to, failure), request.base->tensors().size(),
                      request.adapter == nullptr ? 0 : request.adapter->tensors.size()};
}

}  // namespace banchu
