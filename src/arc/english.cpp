#include "arc/english.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "arc/lexicon.h"
#include "arc/time_words.h"

namespace banchu {
namespace {

struct RoleList {
  std::uint32_t role;
  std::string_view words;  // separated by spaces
};

constexpr RoleList kRoles[] = {
    {kIndefinite, "a an"},
    {kDefinite, "the this that these those"},
    {kPossessive, "my your his her its our their"},
    {kHe, "he him his himself he's he'd he'll"},
    {kShe, "she her hers herself she's she'd she'll"},
    {kThey, "they them their theirs themselves they're they'd they'll they've"},
    {kIt, "it its itself it's it'll"},
    {kFirstPerson, "i me my mine myself we us our ours ourselves i'm i've i'll i'd we're we've we'll we'd"},
    {kSecondPerson, "you your yours yourself yourselves you're you've you'll you'd thou thee thy thine ye"},
    {kNegation, "not no never none nobody nothing neither nor cannot without hardly barely scarcely nowhere"},
    {kIntensifier,
     "very so too really extremely absolutely totally utterly completely terribly most quite such exceedingly deeply"},
    {kContrast, "but however yet though although nevertheless nonetheless still instead otherwise whereas despite"},
    {kAdditive, "and also besides moreover furthermore likewise"},
    {kCausal, "so because therefore thus hence for since consequently accordingly"},
    {kTemporal,
     "then when after before while until till meanwhile soon next finally afterwards afterward later once presently "
     "suddenly now last eventually immediately whenever as"},
    {kAnaphoric,
     "again another other others too also same both second third fourth next more else back likewise such either "
     "neither rest former latter either still already"},
    {kSpeech,
     "said asked answered cried replied told called says shouted exclaimed whispered thought answered begged spoke "
     "added"},
    {kQuestionWord, "what who whom whose which why where how"},
    {kAuxiliary,
     "is are was were be been being am has have had having do does did done will would shall should can could may "
     "might must ought"},
    {kPreposition,
     "in on at of to from by with into upon about over under through out up down off for as between among against "
     "along around toward towards within near behind beside beyond across during like than"},
    {kMale,
     "king prince man men boy boys father son sons brother brothers husband uncle grandfather lord sir gentleman "
     "fellow "
     "lad master wizard hero knight nephew emperor monk mr john jack"},
    {kFemale,
     "queen princess woman women girl girls mother daughter daughters sister sisters wife aunt grandmother lady maid "
     "maiden witch bride niece widow empress nun mrs miss fairy female"},
    {kCountWord,
     "one two three four five six seven eight nine ten twelve hundred many few several some any all every each much"},
    {kPastVerb,
     "came went saw took gave made found got ran stood sat heard knew brought fell lay put let began became left kept "
     "held rose grew drew threw flew rode led met lost sent slept caught bought"},
    {kFunction, "there here just only even well oh ah if or not then away away very yes o don't didn't"},
};

using RoleTable = std::unordered_map<std::string_view, std::uint32_t>;

const RoleTable& role_table() {
  static const RoleTable table = [] {
    RoleTable roles;
    for (const RoleList& list : kRoles) {
      std::string_view rest = list.words;
      while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0) roles[rest.substr(0, end)] |= list.role;
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
    return roles;
  }();
  return table;
}

constexpr std::uint32_t kOpenClass = kMale | kFemale | kPastVerb | kSpeech;

std::string stem_of(std::string_view word) {
  if (word.ends_with("'s")) word.remove_suffix(2);
  if (word.size() > 4 && word.ends_with("ies")) return std::string(word.substr(0, word.size() - 3)) + "y";
  for (const std::string_view hissing : {"sses", "shes", "ches", "xes"}) {
    if (word.ends_with(hissing)) return std::string(word.substr(0, word.size() - 2));
  }
  const bool plural = word.size() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
  return std::string(plural ? word.substr(0, word.size() - 1) : word);
}

}  // namespace

std::string learn_english(VocabularyWord& word) {
  const auto found = role_table().find(word.text);
  if (found != role_table().end()) word.roles = found->second;
  if ((word.roles & ~kOpenClass) != 0) word.roles |= kFunction;
  if (word.text.ends_with("n't")) word.roles |= kNegation | kAuxiliary | kFunction;
  if (word.roles == 0 && word.text.size() > 4 && word.text.ends_with("ed")) word.roles |= kPastVerb;
  word.when = time_point_of(word.text);
  if (const float* valence = english_valence(word.text)) {
    word.valence = *valence;
    word.in_lexicon = true;
  }
  return (word.roles & kFunction) != 0 ? word.text : stem_of(word.text);
}

}  // namespace banchu
