#include "train/device_graph.h"

#include <fmt/format.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "train/dropout.h"
#include "train/noise.h"

namespace banchu::lora {

// --- who computes what

std::vector<std::int64_t> share_out(std::int64_t layers, const std::vector<double>& shares) {
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<std::int64_t> counts;
  double reached = 0;
  std::int64_t given = 0;
  for (const double share : shares) {
    reached += share;
    const auto until = static_cast<std::int64_t>(std::llround(static_cast<double>(layers) * reached / all));
    counts.push_back(until - given);
    given = until;
  }
  return counts;
}

namespace {

double gigabytes(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

Status check_plan(const DevicePlan& plan) {
  const auto is_share = [](double share) { return std::isfinite(share) && share >= 0; };
  const bool fits = plan.shares.empty() || (plan.shares.size() == plan.names.size() &&
                                            std::all_of(plan.shares.begin(), plan.shares.end(), is_share) &&
                                            std::accumulate(plan.shares.begin(), plan.shares.end(), 0.0) > 0);
  if (fits) return {};
  return make_error(Code::InvalidArgument,
                    fmt::format("--tensor-split has {} numbers for {} devices", plan.shares.size(), plan.names.size()),
                    "give one number of 0 or more for each device, for example 1,1");
}

Status check_room(const Device& device, const ShareBytes& bytes, std::int64_t layers, bool holds_head) {
  const std::int64_t need = layers * bytes.layer + (holds_head ? bytes.head : 0) + bytes.parameters;
  const auto free = static_cast<std::int64_t>(device.facts().free_bytes);
  if (free == 0 || need <= free) return {};  // some devices do not say
  return make_error(Code::NoSpace,
                    fmt::format("{} of the layers need {:.1f} GB on {}, which has {:.1f} GB free", layers,
                                gigabytes(need), device.facts().name, gigabytes(free)),
                    "add a device, share the layers out with --tensor-split, or train on the processor: --device cpu");
}

}  // namespace

// The products with the vocabulary, on the device that holds it.
class DeviceGraph::DeviceHead : public HeadProducts<float> {
 public:
  explicit DeviceHead(DeviceShare* share) : share_(*share) {}
  void project(const float* normed, std::int64_t count, float* logits) override {
    multiply(share_.head(), normed, count, logits);
  }
  void project_back(const float* d_logits, std::int64_t count, float* d_normed) override {
    multiply(share_.head_transposed(), d_logits, count, d_normed);
  }

 private:
  void multiply(Node matrix, const float* rows, std::int64_t count, float* out) {
    Frame frame(8, 8);
    const Node input = ggml_new_tensor_2d(frame.context(), GGML_TYPE_F32, matrix->ne[0], count);
    ggml_set_input(input);
    const Node product = ggml_mul_mat(frame.context(), matrix, input);
    ggml_set_output(product);
    ggml_build_forward_expand(frame.graph(), product);
    share_.device().allocate(frame.graph());
    ggml_backend_tensor_set(input, rows, 0, ggml_nbytes(input));
    share_.device().compute(frame.graph());
    ggml_backend_tensor_get(product, out, 0, ggml_nbytes(product));
  }
  DeviceShare& share_;
};

DeviceGraph::DeviceGraph(FrozenModel model, const ParameterPlan& plan, double dropout)
    : model_(std::move(model)), plan_(plan), dropout_(dropout) {}

DeviceGraph::~DeviceGraph() = default;

Result<std::unique_ptr<DeviceGraph>> DeviceGraph::create(FrozenModel model, const ParameterPlan& parameters,
                                                         const DevicePlan& plan, double dropout) {
  BANCHU_TRY_STATUS(check_plan(plan));
  std::unique_ptr<DeviceGraph> graph(new DeviceGraph(std::move(model), parameters, dropout));
  std::vector<Device> opened;
  std::vector<double> free;
  for (const std::string& name : plan.names) {
    BANCHU_TRY(Device device, Device::open(name, plan.threads));
    free.push_back(std::max(1.0, static_cast<double>(device.facts().free_bytes)));
    opened.push_back(std::move(device));
  }
  const ModelShape& shape = graph->model_.shape();
  const auto counts = share_out(shape.n_layer, plan.shares.empty() ? free : plan.shares);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const bool last = i + 1 == opened.size();
    const ShareBytes bytes = share_bytes(shape, parameters, opened[i].facts().is_gpu);
    BANCHU_TRY_STATUS(check_room(opened[i], bytes, counts[i], last));
    graph->shares_.push_back(
        std::make_unique<DeviceShare>(std::move(opened[i]), graph->model_, parameters, first, counts[i], last));
    first += counts[i];
  }
  graph->head_products_ = std::make_unique<DeviceHead>(graph->shares_.back().get());
  graph->head_ = std::make_unique<Head<float>>(&graph->model_, graph->head_products_.get());
  return graph;
}

std::string DeviceGraph::in_words() const {
  std::string words;
  for (const auto& share : shares_) {
    const DeviceFacts& facts = share->device().facts();
    words += fmt::format("{}{} ({}): layers {} to {}", words.empty() ? "" : "; ", facts.name, facts.description,
                         share->first(), share->end() - 1);
  }
  return words;
}

void DeviceGraph::use_parameters(const float* parameters) {
  for (const auto& share : shares_) {
    ggml_backend_tensor_set(share->parameters(), parameters, 0, ggml_nbytes(share->parameters()));
  }
}

// --- a pass

DeviceGraph::Pass DeviceGraph::pass_on(const DeviceShare& share, bool training) const {
  const ModelShape& shape = model_.shape();
  const auto tokens = static_cast<std::int64_t>(batch_->tokens.size());
  const std::int64_t residuals = training ? share.end() - share.first() + 1 : 1;
  Pass pass;
  pass.frame = Frame(static_cast<std::size_t>(residuals) + 2 * batch_->rows.size() + 2);
  ggml_context* ctx = pass.frame.context();
  pass.seen.tokens = tokens;
  pass.seen.drops = dropout_ > 0 && batch_->dropout_key != 0;
  pass.seen.positions = ggml_new_tensor_1d(ctx, GGML_TYPE_I32, tokens);
  std::map<std::int64_t, DeviceRow> masks;  // by length
  for (const RowSpan& span : batch_->rows) {
    DeviceRow& row = masks[span.length];
    if (row.mask == nullptr) {
      row.mask = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, span.length, span.length);
      if (shape.window > 0) row.near = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, span.length, span.length);
    }
    pass.seen.rows.push_back({span.begin, span.length, row.mask, row.near});
  }
  for (std::int64_t i = 0; i < residuals; ++i) {
    pass.residuals.push_back(ggml_new_tensor_2d(ctx, GGML_TYPE_F32, shape.n_embd, tokens));
  }
  if (training) pass.dx = ggml_new_tensor_2d(ctx, GGML_TYPE_F32, shape.n_embd, tokens);
  pass.frame.place(share.device());
  return pass;
}

namespace {

void set_mask(Node mask, std::int64_t length, std::int64_t window) {
  std::vector<float> seen(static_cast<std::size_t>(length * length), -std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < length; ++i) {
    for (std::int64_t j = window > 0 ? std::max<std::int64_t>(0, i - window + 1) : 0; j <= i; ++j) {
      seen[static_cast<std::size_t>(i * length + j)] = 0;
    }
  }
  ggml_backend_tensor_set(mask, seen.data(), 0, ggml_nbytes(mask));
}

}  // namespace

void DeviceGraph::fill(const Pass& pass) const {
  std::vector<std::int32_t> positions(batch_->tokens.size());
  for (const DeviceRow& row : pass.seen.rows) {
    const auto begin = positions.begin() + static_cast<std::ptrdiff_t>(row.begin);
    std::iota(begin, begin + static_cast<std::ptrdiff_t>(row.length), 0);
    set_mask(row.mask, row.length, 0);
    if (row.near != nullptr) set_mask(row.near, row.length, model_.shape().window);
  }
  ggml_backend_tensor_set(pass.seen.positions, positions.data(), 0, ggml_nbytes(pass.seen.positions));
}

void DeviceGraph::begin(const Batch& batch, bool training) {
  batch_ = &batch;
  is_training_ = training;
  passes_.clear();
  for (const auto& share : shares_) {
    passes_.push_back(pass_on(*share, training));
    fill(passes_.back());
  }
}

std::vector<float> DeviceGraph::embedded() const {
  const std::int64_t width = model_.shape().n_embd;
  std::vector<float> x(batch_->tokens.size() * static_cast<std::size_t>(width));
  for (std::size_t i = 0; i < batch_->tokens.size(); ++i) {
    model_.embed(batch_->tokens[i], x.data() + i * static_cast<std::size_t>(width));
  }
  if (is_training_) add_noise(*batch_, width, x.data());
  return x;
}

// While nothing is kept, one place serves every layer.
Node DeviceGraph::residual(const Pass& pass, const DeviceShare& share, std::int64_t layer) const {
  return pass.residuals[is_training_ ? static_cast<std::size_t>(layer - share.first()) : 0];
}

void DeviceGraph::drop(const DeviceLayerGraph& layer, std::int64_t index) const {
  std::vector<float> numbers;
  for (std::size_t kind = 0; kind < kGroups; ++kind) {
    const Node node = layer.dropout()[kind];
    if (node == nullptr) continue;
    const DropoutMask mask(batch_->dropout_key, index * kGroups + static_cast<std::int64_t>(kind), dropout_);
    numbers.resize(static_cast<std::size_t>(ggml_nelements(node)));
    parallel_for(node->ne[1], node->ne[0], [&](std::int64_t token) {
      for (std::int64_t i = token * node->ne[0]; i < (token + 1) * node->ne[0]; ++i) {
        numbers[static_cast<std::size_t>(i)] = mask.at(i);
      }
    });
    ggml_backend_tensor_set(node, numbers.data(), 0, ggml_nbytes(node));
  }
}

void DeviceGraph::run_layer(DeviceShare* share, Pass* pass, std::int64_t layer, bool back) {
  const std::size_t nodes = 1024 + 192 * pass->seen.rows.size();
  Frame frame(2 * nodes, nodes);
  DeviceLayerGraph graph(*share, model_.shape(), plan_, pass->seen, layer, &frame);
  Node result = graph.forward(residual(*pass, *share, layer));
  Node place = back ? pass->dx : residual(*pass, *share, layer + 1);
  // Below the lowest layer nobody asks for a gradient.
  if (back) result = graph.backward(pass->dx, layer > 0);
  if (result != nullptr) ggml_build_forward_expand(frame.graph(), ggml_cpy(frame.context(), result, place));
  share->device().allocate(frame.graph());
  drop(graph, layer);
  share->device().compute(frame.graph());
}

std::vector<float> DeviceGraph::forward() {
  std::vector<float> x = embedded();
  for (std::size_t s = 0; s < shares_.size(); ++s) {
    DeviceShare& share = *shares_[s];
    const Node first = passes_[s].residuals.front();
    ggml_backend_tensor_set(first, x.data(), 0, ggml_nbytes(first));
    for (std::int64_t layer = share.first(); layer < share.end(); ++layer) {
      run_layer(&share, &passes_[s], layer, false);
    }
    const Node last = passes_[s].residuals.back();
    ggml_backend_tensor_get(last, x.data(), 0, ggml_nbytes(last));
  }
  return x;
}

void DeviceGraph::backward(const std::vector<float>& dx) {
  std::vector<float> from_above = dx;
  for (std::size_t s = shares_.size(); s-- > 0;) {
    DeviceShare& share = *shares_[s];
    const Node place = passes_[s].dx;
    ggml_backend_tensor_set(place, from_above.data(), 0, ggml_nbytes(place));
    for (std::int64_t layer = share.end(); layer-- > share.first();) run_layer(&share, &passes_[s], layer, true);
    ggml_backend_tensor_get(place, from_above.data(), 0, ggml_nbytes(place));
  }
}

void DeviceGraph::collect(float* gradients) {
  const auto begin_of = [&](std::int64_t layer) {
    return layer < model_.shape().n_layer ? plan_.layers[static_cast<std::size_t>(layer)].front().a_offset : plan_.size;
  };
  std::vector<float> numbers;
  for (const auto& share : shares_) {
    const std::int64_t begin = begin_of(share->first()), end = begin_of(share->end());
    numbers.resize(static_cast<std::size_t>(end - begin));
    if (numbers.empty()) continue;
    ggml_backend_tensor_get(share->gradients(), numbers.data(), static_cast<std::size_t>(begin) * sizeof(float),
                            numbers.size() * sizeof(float));
    for (std::int64_t i = begin; i < end; ++i) gradients[i] += numbers[static_cast<std::size_t>(i - begin)];
  }
}

double DeviceGraph::loss(const Batch& batch) {
  begin(batch, false);
  const std::vector<float> x = forward();
  double loss = head_->run(batch.targets, x.data(), nullptr);
  for (const Preference& pair : batch.preferences) loss += head_->run(pair, x.data(), nullptr);
  return loss;
}

double DeviceGraph::loss_and_gradients(const Batch& batch, float* gradients) {
  begin(batch, true);
  const std::vector<float> x = forward();
  std::vector<float> dx(x.size(), 0.0F);
  double loss = head_->run(batch.targets, x.data(), dx.data());
  for (const Preference& pair : batch.preferences) loss += head_->run(pair, x.data(), dx.data());
  backward(dx);
  collect(gradients);
  return loss;
}

}  // namespace banchu::lora
