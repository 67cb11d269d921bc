/* Counts words as content/platforms/text.py does: what a reader sees of the Markdown, split at spaces and dashes; a
   token needs a letter or a digit, and a Chinese or Japanese character is one word. */
const CJK = "\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\uff66-\\uff9f\\u{20000}-\\u{3ffff}";
const TOKENS = new RegExp(`[${CJK}]|[^\\s\\u200b–—${CJK}]+`, "gu");
const ALNUM = /[\p{L}\p{N}]/u;

export function count(markdown) {
  const seen = markdown
    .replace(/^ {0,3}(`{3,}|~{3,})[^\n]*$/gm, "") // fences; what they hold is counted
    .replace(/^\s*(?:>\s*)*\d+[.)]\s/gm, "") // the figures of a numbered list
    .replace(/!?\[([^\]]*)\]\([^)\s]*(?:\s+"[^"]*")?\)/g, "$1") // a link's words, not its address
    .replace(/^\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*$/gm, "") // the rule of a table
    .replace(/\|/g, " ");
  return (seen.match(TOKENS) ?? []).filter((token) => ALNUM.test(token)).length;
}
