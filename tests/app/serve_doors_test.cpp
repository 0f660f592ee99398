// The server's own doors over a real bag: what was said, masks, the coming night, nights as jobs, arcs. A real server
// of the tiny model on a real port; nights are run by the program itself.
#include <gtest/gtest.h>
#include <httplib.h>

#include <thread>

#include "app/served_bag.h"
#include "app/served_life.h"
#include "base/digest.h"
#include "journal/journal.h"
#include "serve/serve.h"
#include "tests/app/shell.h"

namespace banchu {
namespace {

using test::tiny_model;
using test::World;

const std::string kTiny = std::string(BANCHU_SOURCE_DIR) + "/tests/fixtures/tiny/";

constexpr const char* kDays =
    R"({"messages":[{"role":"system","content":"You are Dori."},{"role":"user","content":"My cat is called Nabi.\nShe is grey."},{"role":"assistant","content":"a good name."},{"role":"user","content":"where does the lion live?"},{"role":"assistant","content":"in the plain."}],"meta":{"time":"2026-03-01T09:00:00Z","approved":true}})"
    "\n"
    R"({"messages":[{"role":"user","content":"제 고양이 이름은 나비예요."},{"role":"assistant","content":"예쁜 이름이네요."}],"meta":{"time":"2026-03-02T09:00:00Z"}})"
    "\n";

class Doors : public testing::Test {
 protected:
  void start(const std::string& days = kDays, std::vector<Key> keys = {}) {
    world_.make_bag();
    const auto file = world_.write("days.jsonl", days);
    ASSERT_EQ(world_.run({"journal", "add", file.string()}).exit_code, 0);
    context_.options.bag = world_.bag().string();
    context_.options.threads = 1;
    const auto persona = world_.write("dori.yaml", "name: Dori\nsystem: You are a lion.\nsampling: {max_tokens: 3}\n");
    auto model = Model::load(tiny_model());
    ASSERT_TRUE(model) << model.error().message;
    const std::shared_ptr<Model> loaded = *model;
    const std::shared_ptr<ServedBag> bag = ServedBag::open(context_).value();
    Household house;
    house.voice = [bag, loaded] { return bag->voice(*loaded); };
    house.keep = [bag](const Turn& turn) { return bag->keep(turn); };
    house.selves = [bag] { return bag->selves(); };
    house.wake = [bag, loaded](const std::string& id) { return bag->wake(id, *loaded); };
    house.rollback = [bag, loaded] { return bag->rollback(*loaded); };
    auto life = ServedLife::open(context_, {persona.string()}, BANCHU_PROGRAM);
    ASSERT_TRUE(life) << life.error().message;
    house.life = *life;
    ServeOptions options;
    options.port = 0;
    options.keys = std::move(keys);
    options.speech.session = {1, 256, 2};
    options.version = "test";
    auto server = Server::open(loaded, options, house);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
    thread_ = std::thread([this] { server_->run(); });
    client_ = std::make_unique<httplib::Client>("127.0.0.1", server_->port());
    client_->set_read_timeout(300);
    while (!client_->Get("/health")) std::this_thread::yield();
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->stop();
    thread_.join();
    server_.reset();
  }

  Json got(const std::string& path, int status = 200) {
    const auto answer = client_->Get("/banchu/v1" + path);
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->status, status) << path << answer->body;
    return Json::parse(answer->body);
  }
  Json posted(const std::string& path, const Json& body, int status = 200) {
    const auto answer = client_->Post("/banchu/v1" + path, body.dump(), "application/json");
    EXPECT_TRUE(answer);
    EXPECT_EQ(answer->status, status) << path << answer->body;
    return Json::parse(answer->body);
  }
  Json said(const std::string& text, const httplib::Headers& headers, int status = 200) {
    const Json body = {{"messages", Json::array({{{"role", "user"}, {"content", text}}})}, {"max_tokens", 4}};
    const auto answer = client_->Post("/v1/chat/completions", headers, body.dump(), "application/json");
    EXPECT_EQ(answer->status, status) << answer->body;
    return Json::parse(answer->body);
  }
  // The end event of a job's stream, and how many progress events came before it.
  Json end_of(const std::string& job, int* told = nullptr) {
    const auto answer = client_->Get("/banchu/v1/nights/" + job + "/events");
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->get_header_value("Content-Type"), "text/event-stream");
    for (std::size_t at = 0; told != nullptr && (at = answer->body.find("event: progress", at)) != std::string::npos;
         ++at) {
      ++*told;
    }
    const std::size_t end = answer->body.find("event: end\ndata: ");
    if (end == std::string::npos) return Json();
    return Json::parse(answer->body.substr(end + 17));
  }

  World world_;
  AppContext context_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::unique_ptr<httplib::Client> client_;
};

TEST_F(Doors, ConversationsAreListedNewestFirst) {
  start();
  const Json all = got("/conversations");
  ASSERT_EQ(all["total"], 2);
  EXPECT_EQ(all["conversations"][0]["title"], "제 고양이 이름은 나비예요.");
  EXPECT_TRUE(all["conversations"][0]["mask"].is_null());
  EXPECT_EQ(all["conversations"][1]["title"], "My cat is called Nabi. She is grey.");
  EXPECT_EQ(all["conversations"][1]["turns"], 2);
  EXPECT_EQ(got("/conversations?limit=1&offset=1")["conversations"][0]["turns"], 2);
  EXPECT_EQ(got("/conversations?day=2026-03-02")["total"], 1);
  const Json whole = got("/conversations/" + string_at(all["conversations"][1], "id"));
  ASSERT_EQ(whole["entries"].size(), 2u);
  EXPECT_EQ(whole["entries"][1]["reply"], "in the plain.");
  EXPECT_EQ(whole["entries"][0]["mask"], "You are Dori.");
  for (const char* bad : {"limit=0", "limit=x", "offset=-1", "day=yesterday", "day=2026-02-30"}) {
    got(std::string("/conversations?") + bad, 400);
  }
}

TEST_F(Doors, ASearchFindsTheLineWhateverItsCase) {
  start();
  const Json found = got("/conversations?search=IS%20GREY");
  ASSERT_EQ(found["total"], 1);
  EXPECT_EQ(found["conversations"][0]["found"], "She is grey.");
  EXPECT_EQ(got("/conversations?search=" + httplib::encode_uri_component("나비"))["total"], 1);
  EXPECT_EQ(got("/conversations?search=plain")["total"], 1) << "what was answered is searched as well";
  EXPECT_EQ(got("/conversations?search=nowhere")["total"], 0);
}

TEST_F(Doors, ATurnIsKeptStruckAndFixed) {
  start();
  const Json korean = got("/conversations?day=2026-03-02")["conversations"][0];
  const std::string id = string_at(got("/conversations/" + string_at(korean, "id"))["entries"][0], "turn_id");
  EXPECT_EQ(posted("/turns/" + id, {{"mark", "kept"}})["mark"], "kept");
  EXPECT_EQ(posted("/turns/" + id, {{"mark", "fixed"}, {"fixed_reply", "고운 이름이에요."}})["fixed_reply"],
            "고운 이름이에요.");
  EXPECT_EQ(world_.run({"--json", "journal", "show", id}).json()["entries"][0]["mark"], "fixed");
  EXPECT_EQ(posted("/turns/" + id, {{"mark", "struck"}})["mark"], "struck");
  EXPECT_EQ(posted("/turns/" + id, {{"mark", "none"}})["mark"], "none");
  EXPECT_EQ(got("/turns/" + id)["fixed_reply"], Json());
  posted("/turns/" + id, {{"mark", "loved"}}, 400);
  posted("/turns/" + id, {{"mark", "fixed"}}, 400);
  posted("/turns/" + id, {{"mark", "kept"}, {"fixed_reply", "x"}}, 400);
  posted("/turns/nothing", {{"mark", "kept"}}, 404);
}

TEST_F(Doors, AnIdIsNoPath) {
  start();
  for (const char* id : {"..%2F..%2Fbanchu.db", "%2Fetc%2Fpasswd", "..", "x%0Ay"}) {
    for (const char* at : {"/conversations/", "/turns/", "/selves/", "/nights/"}) got(std::string(at) + id, 404);
  }
  said("hello", {{"X-Banchu-Mask", "../../dori.yaml"}}, 404);
}

TEST_F(Doors, AMaskIsWornByItsId) {
  start();
  const Json masks = got("/masks")["masks"];
  ASSERT_EQ(masks.size(), 2u);
  EXPECT_EQ(masks[0]["name"], "Dori");
  EXPECT_EQ(masks[0]["source"], "file");
  EXPECT_EQ(masks[1]["system"], "You are Dori.");
  EXPECT_EQ(masks[1]["turns"], 2);
  const std::string lion = string_at(masks[0], "id");
  const Json reply = said("hello", {{"X-Banchu-Mask", lion}, {"X-Banchu-Mode", "grow"}});
  const Json turn = got("/turns/" + string_at(reply["banchu"], "turn_id"));
  EXPECT_EQ(turn["mask"], "You are a lion.");
  EXPECT_EQ(turn["user"], "hello");
  EXPECT_EQ(turn["conversation"], reply["banchu"]["conversation"]);
  EXPECT_GT(reply["usage"]["prompt_tokens"], said("hello", {})["usage"]["prompt_tokens"]);
  said("hello", {{"X-Banchu-Mask", "nobody"}}, 404);
  Json own = {
      {"messages", Json::array({{{"role", "system"}, {"content", "x"}}, {{"role", "user"}, {"content", "y"}}})}};
  const auto both = client_->Post("/v1/chat/completions", {{"X-Banchu-Mask", lion}}, own.dump(), "application/json");
  EXPECT_EQ(both->status, 400) << "two masks at once";
}

TEST_F(Doors, AKeptConversationGoesOn) {
  start();
  const std::string id = string_at(got("/conversations?day=2026-03-02")["conversations"][0], "id");
  const Json reply = said("hello", {{"X-Banchu-Conversation", id}, {"X-Banchu-Mode", "grow"}});
  EXPECT_EQ(reply["banchu"]["conversation"], id);
  const Json entries = got("/conversations/" + id)["entries"];
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[1]["index"], 1);
  const Json other = said("hello", {{"X-Banchu-Conversation", "0123456789abcdef"}, {"X-Banchu-Mode", "grow"}});
  EXPECT_NE(other["banchu"]["conversation"], "0123456789abcdef") << "a client names a conversation, not its id";
  EXPECT_TRUE(said("hello", {})["banchu"]["turn_id"].is_null());
}

TEST_F(Doors, TheComingNightIsExplainedAndReviewed) {
  start();
  const Json coming = got("/coming");
  ASSERT_EQ(coming["entries"].size(), 3u);
  const Json& first = coming["entries"][0];
  EXPECT_TRUE(first["taught"].get<bool>()) << first.dump();
  EXPECT_FALSE(string_at(first, "reason").empty());
  EXPECT_FALSE(coming["counts"].empty());
  const std::string id = string_at(first, "turn_id");
  EXPECT_EQ(posted("/review", {{"id", id}, {"word", "strike"}})["decision"], "struck");
  const Json after = got("/coming")["entries"][0];
  EXPECT_EQ(after["reason"], "struck");
  EXPECT_FALSE(after["taught"].get<bool>());
  EXPECT_EQ(posted("/review", {{"id", id}, {"word", "keep"}})["kind"], "entry");
  EXPECT_TRUE(got("/coming")["entries"][0]["taught"].get<bool>());
  posted("/review", {{"id", id}, {"word", "drop"}}, 400);
  posted("/review", {{"id", "nothing"}, {"word", "keep"}}, 404);
  EXPECT_TRUE(got("/memories")["memories"].empty()) << "looking writes nothing";
}

TEST_F(Doors, AKeyReachesAsFarAsItsRight) {
  start(kDays, {{"guest", Right::talk, sha256("bk-1")},
                {"phone", Right::grow, sha256("bk-2")},
                {"mine", Right::manage, sha256("bk-3")}});
  client_->set_bearer_token_auth("bk-1");
  for (const char* path : {"/conversations", "/masks", "/coming", "/memories", "/nights", "/selves", "/turns/x"}) {
    got(path, 403);
  }
  posted("/arc", {{"day", "2026-03-01"}}, 403);
  posted("/arc", {{"text", "It rained. We waited. The sun came out."}});
  client_->set_bearer_token_auth("bk-2");
  for (const char* path : {"/conversations", "/masks", "/coming", "/memories", "/nights", "/selves"}) got(path);
  const std::string journal_mask = string_at(got("/masks")["masks"][1], "id");
  posted("/review", {{"id", "x"}, {"word", "keep"}}, 403);
  posted("/nights", Json::object(), 403);
  posted("/nights/x/cancel", Json::object(), 403);
  client_->set_bearer_token_auth("bk-1");
  said("hello", {{"X-Banchu-Mask", journal_mask}}, 404);
  client_->set_bearer_token_auth("bk-3");
  posted("/review", {{"id", "x"}, {"word", "keep"}}, 404);
}

TEST_F(Doors, AnArcOfATextAndOfADay) {
  start();
  const std::string story =
      "Mina was happy. The sun shone and she laughed. Then the storm came and broke the house. She wept in the dark. "
      "In the morning a friend came with warm bread. They built the house again, and she smiled.";
  const Json reading = posted("/arc", {{"text", story}});
  EXPECT_EQ(reading["units"].size(), 6u);
  EXPECT_EQ(reading["arc"].size(), 6u);
  EXPECT_TRUE(reading["coherence"].is_number());
  EXPECT_EQ(posted("/arc", {{"day", "2026-03-01"}})["units"].size(), 4u);
  const std::string id = string_at(got("/conversations?day=2026-03-01")["conversations"][0], "id");
  EXPECT_EQ(posted("/arc", {{"conversation", id}})["units"][0]["speaker"], "user");
  const auto picture = client_->Post(
      "/banchu/v1/arc", Json({{"text", story}, {"as", "svg"}, {"title", "<script>"}}).dump(), "application/json");
  EXPECT_EQ(picture->get_header_value("Content-Type"), "image/svg+xml");
  EXPECT_NE(picture->body.find("<svg"), std::string::npos);
  EXPECT_EQ(picture->body.find("<script"), std::string::npos);
  posted("/arc", Json::object(), 400);
  posted("/arc", {{"text", story}, {"day", "2026-03-01"}}, 400);
  posted("/arc", {{"text", story}, {"gamma", 99}}, 400);
  posted("/arc", {{"day", "2020-01-01"}}, 404);
  posted("/arc", {{"text", std::string((1 << 20) + 1, 'x')}}, 413);
}

// The tiny model's night.
class DoorsAtNight : public Doors {
 protected:
  void start_a_good_day() {
    start(read_file(kTiny + "good-day.jsonl").value());
    std::string recipe = read_file(kTiny + "night.yaml").value();
    for (const char* name : {"suite.yaml", "everyday.yaml"}) {
      const std::size_t at = recipe.find(std::string(" ") + name);
      recipe.insert(at + 1, kTiny);
    }
    ASSERT_TRUE(write_file_atomic(world_.bag() / "night.yaml", recipe));
  }
};

TEST_F(DoorsAtNight, ANightIsAJobWhileTheCompanionTalksAndThenANewSelfIsAwake) {
  start_a_good_day();
  const std::string before = string_at(got("/awake"), "self");
  const Json job = posted("/nights", Json::object(), 202);
  const std::string id = string_at(job, "job");
  EXPECT_EQ(job["state"], "running");
  EXPECT_FALSE(string_at(said("hello", {})["choices"][0]["message"], "content").empty());
  EXPECT_EQ(got("/nights/" + id)["job"], id);
  int told = 0;
  const Json end = end_of(id, &told);
  ASSERT_EQ(end["state"], "done") << end.dump();
  EXPECT_EQ(end["outcome"]["decision"], "promoted") << end.dump();
  EXPECT_GT(told, 10);
  EXPECT_TRUE(end["progress"]["stage"].is_string());
  bool has_loss = false;
  const auto events = client_->Get("/banchu/v1/nights/" + id + "/events");
  for (std::size_t at = 0; (at = events->body.find("event: progress\ndata: ", at)) != std::string::npos; ++at) {
    const Json progress = Json::parse(events->body.substr(at + 22, events->body.find('\n', at + 22) - at - 22));
    if (string_at(progress, "stage") == "engraving" && progress["loss"].is_number()) has_loss = true;
  }
  EXPECT_TRUE(has_loss) << "a page draws the curve from it";
  const std::string now_awake = string_at(end["outcome"], "self_after");
  EXPECT_NE(now_awake, before);
  // The talking thread is told at the night's end, and opens the new self when it comes to it.
  while (string_at(got("/awake"), "self") != now_awake && got("/awake")["trouble"].is_null()) std::this_thread::yield();
  EXPECT_EQ(said("hello", {})["banchu"]["self"], now_awake);
  const Json nights = got("/nights");
  ASSERT_EQ(nights["nights"].size(), 1u);
  EXPECT_EQ(nights["nights"][0]["decision"], "promoted");
  const Json night = got("/nights/" + string_at(end["outcome"], "run"));
  EXPECT_TRUE(night["report"]["checks"].is_array());
  EXPECT_GT(night["receipt"]["tokens_trained"], 0);
  const Json self = got("/selves/" + now_awake);
  EXPECT_EQ(self["night"]["id"], night["id"]);
  EXPECT_EQ(self["parent"], before);
  posted("/nights/" + id + "/cancel", Json::object(), 412);
}

TEST_F(DoorsAtNight, ANightThatIsCancelledGoesOnNextTime) {
  start_a_good_day();
  const std::string id = string_at(posted("/nights", {{"until", "evaluate"}}, 202), "job");
  posted("/nights", Json::object(), 503);
  posted("/nights/" + id + "/cancel", Json::object(), 202);
  EXPECT_EQ(end_of(id)["state"], "cancelled");
  const std::string again = string_at(posted("/nights", {{"until", "ruminate"}}, 202), "job");
  const Json end = end_of(again);
  EXPECT_EQ(end["state"], "done") << end.dump();
  EXPECT_EQ(got("/nights")["nights"][0]["stage"], "ruminated");
  EXPECT_TRUE(got("/nights")["nights"][0]["decision"].is_null());
  posted("/nights", {{"until", "morning"}}, 400);
  got("/nights/nothing/events", 404);
}

TEST_F(DoorsAtNight, ANightElsewhereIsBusy) {
  start_a_good_day();
  const auto bag = Bag::open(world_.bag(), Bag::Access::read_write).value();
  const auto lease = bag->acquire(LeaseKind::night).value();
  const Json refused = posted("/nights", Json::object(), 503);
  EXPECT_TRUE(refused["error"].is_object());
  EXPECT_TRUE(got("/nights")["job"].is_null());
}

}  // namespace
}  // namespace banchu
