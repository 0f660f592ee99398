#include "chat/prompt.h"

namespace banchu {

std::vector<Message> assemble_prompt(const std::string& mask, const std::vector<Message>& few_shot,
                                     const std::vector<Exchange>& history, const std::string& user) {
  std::vector<Message> messages;
  messages.reserve(few_shot.size() + 2 * history.size() + 2);
  if (!mask.empty()) messages.push_back({Role::system, mask});
  messages.insert(messages.end(), few_shot.begin(), few_shot.end());
  for (const Exchange& exchange : history) {
    messages.push_back({Role::user, exchange.user});
    messages.push_back({Role::assistant, exchange.reply});
  }
  messages.push_back({Role::user, user});
  return messages;
}

}  // namespace banchu
