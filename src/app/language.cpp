#include "app/language.h"

#include <cstdlib>

namespace banchu {

Language language_from(std::string_view lang_option) {
  if (!lang_option.empty()) return lang_option.starts_with("ko") ? Language::ko : Language::en;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0')
      return std::string_view(value).starts_with("ko") ? Language::ko : Language::en;
  }
  return Language::en;
}

}  // namespace banchu
