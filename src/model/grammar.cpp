#include "model/grammar.h"

#include "model/engine.h"

namespace banchu {

Status check_grammar(const std::string& gbnf) {
  start_engine();
  // An empty text would be a grammar that permits everything.
  const LlamaSamplerHandle grammar(gbnf.empty() ? nullptr : llama_sampler_init_grammar(nullptr, gbnf.c_str(), "root"));
  if (grammar != nullptr) return {};
  return make_error(Code::InvalidArgument, "the form that the reply should have cannot be followed",
                    "a rule that refers to itself must have something before it");
}

}  // namespace banchu
