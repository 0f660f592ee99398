#include "serve/serve.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "serve/dialect.h"
#include "serve/page_routes.h"
#include "serve/routes.h"

namespace banchu {
namespace {

class LocalServer final : public Server {
 public:
  LocalServer(std::shared_ptr<Model> model, std::unique_ptr<Speech> speech, const ServeOptions& options,
              Household house)
      : speech_(std::move(speech)),
        guard_(options.keys),
        house_(std::move(house)),
        talker_(*speech_, {options.name, options.aliases, options.sampling, house_.keep}, context_tokens(options)),
        desk_{talker_,
              guard_,
              std::make_shared<Vectors>(std::move(model), options.speech.session.threads),
              options.version,
              steady_seconds(),
              now(),
              house_.life,
              false} {}

  ~LocalServer() override {
    if (house_.life != nullptr) house_.life->when_a_night_ends({});
  }

  Status bind(const ServeOptions& options) {
    if (house_.life != nullptr) house_.life->when_a_night_ends([this] { speech_->look_again(); });
    HttpHandlers handlers;
    add_openai_routes(desk_, handlers.rows);
    add_ollama_routes(desk_, handlers.rows);
    add_messages_routes(desk_, handlers.rows);
    add_responses_routes(desk_, handlers.rows);
    add_embedding_routes(desk_, handlers.rows);
    add_own_routes(desk_, handlers.rows);
    add_self_routes(desk_, house_, handlers.rows);
    add_life_routes(desk_, handlers.rows);
    add_night_routes(desk_, handlers.rows);
    add_arc_routes(desk_, handlers.rows);
    for (const RouteRow& row : handlers.rows) routes_.push_back(row.method + " " + row.path);
    add_page_file_routes(handlers.rows);  // their names are nobody's business but the page's
    for (RouteRow& row : handlers.rows) row.route = readable_by_its_page(std::move(row.route));
    handlers.guard = [this](const HttpCall& call) { return guard_.stop(call); };
    handlers.refuse = [](const HttpCall& call, int status, const std::string& message) {
      return refusal(dialect_of(call.path), status, message);
    };
    HttpOptions http;
    http.host = options.host;
    http.port = options.port;
    BANCHU_TRY(http_, HttpServer::open(http, std::move(handlers)));
    return {};
  }

  int port() const override { return http_->port(); }
  SpeechFigures figures() const override { return speech_->figures(); }
  std::vector<std::string> routes() const override { return routes_; }
  void run() override { http_->run(); }
  void stop() override {
    desk_.ends = true;  // running streams end now
    speech_->stop();
    http_->stop();
  }

 private:
  int context_tokens(const ServeOptions& options) const {
    const auto trained = static_cast<int>(speech_->model().info().context_tokens);
    const int wanted = options.speech.session.context_tokens;
    return trained > 0 ? std::min(wanted, trained) : wanted;
  }

  Route readable_by_its_page(Route route) const {
    return [this, route = std::move(route)](const HttpCall& call) {
      HttpAnswerOut answer = route(call);
      for (auto& header : guard_.origin_headers(call)) answer.headers.push_back(std::move(header));
      return answer;
    };
  }

  std::unique_ptr<Speech> speech_;
  Guard guard_;
  Household house_;
  Talker talker_;
  Desk desk_;
  std::vector<std::string> routes_;
  std::unique_ptr<HttpServer> http_;  // goes first: its threads use all of the above
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(std::shared_ptr<Model> model, const ServeOptions& options,
                                             Household house) {
  if (options.keys.empty() && !is_loopback_name(options.host)) {
    return make_error(Code::FailedPrecondition,
                      fmt::format("without keys the server stays on this machine; {} reaches beyond it", options.host),
                      "banchu serve --new-key NAME --key-file F, then --key-file F");
  }
  BANCHU_TRY(auto speech, Speech::open(model, options.speech, house.voice));
  auto server = std::make_unique<LocalServer>(std::move(model), std::move(speech), options, std::move(house));
  BANCHU_TRY_STATUS(server->bind(options));
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace banchu
