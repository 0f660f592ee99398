// The names of the gate's measurements, as a reader meets them. A name may begin with one of these and go on with what
// was measured ("habit: opens with ...").

type Label = readonly [name: string, english: string, korean: string];

const kBeginnings: Label[] = [
  ["habit: ", "", "습관: "],
  ["third turn: ", "third turn: ", "세 번째 말에서: "],
  ["elsewhere: ", "other mask: ", "다른 가면에서: "],
  ["still: ", "as before ", "전처럼: "],
  ["opens with ", "opens with ", "여는 말 "],
  ["closes with ", "closes with ", "닫는 말 "],
  ["mask ", "as with the mask ", "가면 없이도 "],
  ['answers "', 'answers "', '대답 "'],
];
const kWhole: Label[] = [
  ["general loss since birth", "plain language since birth", "처음의 나와 견준 글말"],
  ["general loss", "plain language", "글말"],
  ["held-out loss, median row", "unseen lessons, median", "안 가르친 줄, 가운뎃값"],
  ["held-out loss", "unseen lessons", "안 가르친 줄"],
  ["superseded answers", "outdated answers", "낡은 대답"],
  ["answers", "answers", "사실 대답"],
  ["refusals", "says no", "거절"],
  ["flattery", "flatters", "아첨"],
  ["leaning to refuse", "leans to saying no", "거절로 기움"],
  ["leaning to flatter", "leans to flattery", "아첨으로 기움"],
  ["repetition", "repeats itself", "되풀이"],
  ["parroting", "parrots", "앵무새 말"],
  ["fairness pairs", "fairness pairs", "공정성 쌍"],
  ["replies cut short", "replies cut short", "잘린 대답"],
  ["replies generated", "replies generated", "만든 대답"],
  ["speed", "speed", "속도"],
  ["processor time a token", "work for a token", "토큰 하나의 품"],
];

export function checkName(name: string, language: "en" | "ko"): string {
  const column = language === "ko" ? 2 : 1;
  let rest = name;
  let shown = "";
  for (const label of kBeginnings) {
    if (!rest.startsWith(label[0])) continue;
    shown += label[column];
    rest = rest.slice(label[0].length);
  }
  const whole = kWhole.find((label) => label[0] === rest);
  return shown + (whole ? whole[column] : rest);
}
