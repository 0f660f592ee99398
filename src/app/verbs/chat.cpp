// chat: one message with --once, a conversation without.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "app/talk.h"
#include "app/talk_loop.h"
#include "app/talk_view.h"
#include "app/verbs.h"
#include "base/text.h"

namespace banchu {
namespace {

struct ChatFlags {
  TalkOptions talk;
  std::string once;
};

Json reply_to_json(const Talk& talk, const Reply& reply) {
  Json adapters = Json::array();
  for (const AdapterUse& use : talk.companion().adapters) {
    adapters.push_back({{"digest", use.digest}, {"scale", use.scale}});
  }
  const std::optional<Self>& self = talk.companion().self;
  return Json{{"reply", reply.text},
              {"mode", talk.grows() ? "grow" : "sandbox"},
              {"turn_id", talk.grows() ? Json(reply.turn_id) : Json()},
              {"conversation", talk.grows() ? Json(talk.conversation().id()) : Json()},
              {"self", self ? Json(self->id) : Json()},
              {"model", talk.companion().model->digest()},
              {"adapters", std::move(adapters)},
              {"stop_reason", stop_reason_name(reply.stop_reason)},
              {"prompt_tokens", reply.prompt_tokens},
              {"cached_tokens", reply.cached_tokens},
              {"completion_tokens", reply.completion_tokens},
              {"left_out", reply.left_out},
              {"draws", reply.draws},
              {"coherence", reply.score ? Json(*reply.score) : Json()},
              {"prompt_tokens_per_second", reply.prompt_tokens_per_second},
              {"tokens_per_second", reply.tokens_per_second}};
}

Result<int> run_once(AppContext& context, Talk& talk, const std::string& text) {
  TalkView view(context, talk, false);
  view.begin_reply();
  Result<Reply> reply = talk.say(text, [&view](std::string_view part) { view.add_text(part); });
  if (!reply) {
    view.drop_reply();
    return std::move(reply).error();
  }
  if (context.options.json) {
    context.answer(reply_to_json(talk, *reply));
  } else {
    view.end_reply(*reply);
  }
  return 0;
}

Result<int> run_chat(AppContext& context, const ChatFlags& flags, bool once) {
  if (context.options.json && !once) {
    return make_error(Code::InvalidArgument, "--json answers one message",
                      "add --once TEXT (\"-\" reads it from stdin)");
  }
  std::string text = flags.once;
  if (once && text == "-") text = plain_lines(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  BANCHU_TRY(const std::unique_ptr<Talk> talk, Talk::open(context, flags.talk));
  return once ? run_once(context, *talk, text) : run_talk_loop(context, *talk);
}

}  // namespace

void add_chat_verbs(CLI::App& app, AppContext& context) {
  auto flags = std::make_shared<ChatFlags>();
  CLI::App* chat =
      add_verb(app, "chat", "Talks with the companion",
               "banchu chat --persona dori.yaml\n  banchu chat --once \"good evening\" --mode sandbox --json");
  chat->add_option("--mode", flags->talk.mode,
                   "grow: kept, may be learned; sandbox: leaves no trace (default: grow where a bag is)")
      ->check(CLI::IsMember({"grow", "sandbox"}));
  chat->add_option("--persona", flags->talk.persona, "The mask: a YAML file")->type_name("FILE");
  CLI::Option* once =
      chat->add_option("--once", flags->once, "One message, then leave; \"-\" reads it from stdin")->type_name("TEXT");
  chat->add_option("--resume", flags->talk.resume, "Goes on with a conversation; \"last\" is the newest")
      ->type_name("ID");
  chat->add_option("--arc-gate", flags->talk.arc_gate,
                   "Holds a long reply back and draws it again while its coherence is under this, 0 to 100")
      ->type_name("FLOOR")
      ->check(CLI::Range(0.0, 100.0));
  on_run(chat, context, [&context, flags, once] { return run_chat(context, *flags, once->count() > 0); });
}

}  // namespace banchu
