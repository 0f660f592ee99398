// A story for tests of arc/, our own: it opens, turns, and closes.
#pragma once

#include <string_view>

namespace banchu {

inline constexpr std::string_view kStory =
    "Once there was a miller who had a daughter named Anna. The miller was a happy man, and Anna loved the mill. "
    "One day a stranger came to the mill with a strange box. The stranger said that the box was cursed. "
    "Anna was afraid of the box, and she hid it under the floor. But at night a terrible noise came from the floor. "
    "The miller woke and ran downstairs. He found the box open and the mill on fire. "
    "The fire was horrible, and the old mill burned to the ground. Anna cried bitterly over the ruins of the mill. "
    "The miller was sick with grief, and he lost all hope. They were hungry and cold through a cruel winter. "
    "Then a letter came from the stranger. The letter said that the curse was gone. "
    "Inside the letter there was a gold coin. Anna took the coin and bought good wood. "
    "The neighbours were kind and helped them with joy. Together they built a beautiful new mill. "
    "The miller laughed and kissed his daughter. And they lived happily in the mill ever after.";

}  // namespace banchu
