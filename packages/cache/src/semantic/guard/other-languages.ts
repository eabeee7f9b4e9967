import type { Opening } from './opening.ts'

/**
 * Frames of other languages than English. Only those that leave the order of the words as it is. A text in a language without a list is the same
 * question as another one only if both are equal.
 */
export const OPENINGS_ELSEWHERE: readonly Opening[] = [
  // German
  {
    pattern:
      /^(?:hallo|guten (?:tag|morgen|abend))[,.!]\s+(?=(?:[Ww]as|[Ww]er|[Ww]o|[Ww]ann|[Ww]arum|[Ww]ie|[Ww]elche[rsnm]?|[Bb]itte) )/u,
  },
  { pattern: /^bitte,? (?=(?:erkläre|nenne|beschreibe|zeige|was|wer|wo|wann|warum|wie) )/u },
  // French
  {
    pattern:
      /^bonjour[,.!]\s+(?=(?:[Qq]uel(?:le)?s?|[Qq]ui|[Oo]ù|[Qq]uand|[Pp]ourquoi|[Cc]omment|[Cc]ombien|[Ee]xplique|[Dd]is|[Pp]eux) )/u,
  },
  {
    pattern:
      /^(?:dis-moi|(?:peux-tu|pouvez-vous) me dire),? (?=(?:quel(?:le)?s?|qui|où|quand|pourquoi|comment|combien) )/u,
    asks: true,
    embeds: true,
  },
  // Spanish
  {
    pattern:
      /^¿?(?:puedes decirme|me puedes decir|podrías decirme|dime),? (?=(?:qué|quién|dónde|cuándo|por qué|cómo|cuánt[oa]s?|cuál(?:es)?) )/u,
    asks: true,
    embeds: true,
  },
  { pattern: /^hola[,.!]\s+(?=¿)/u },
  // Portuguese, Italian
  {
    pattern: /^(?:você pode me dizer|me diga) (?=(?:o que|qual|quem|onde|quando|por que|como|quant[oa]s?) )/u,
    asks: true,
    embeds: true,
  },
  {
    pattern: /^(?:puoi dirmi|dimmi) (?=(?:cosa|qual|quale|chi|dove|quando|perché|come|quant[oaie]) )/u,
    asks: true,
    embeds: true,
  },
  // Chinese, Japanese, Korean
  { pattern: /^(?:你好|您好)[，,。！!]\s*(?=请|你能|为什么|什么|怎么|如何|谁)/u },
  { pattern: /^请问[，,：:]?(?=.*(?:什么|谁|哪|几|多少|怎么|如何|为何|吗))/u },
  {
    pattern: /^(?:请|你能|您能|可以)告诉我[，,：:]?(?=.*(?:什么|谁|哪|几|多少|怎么|如何|为何))/u,
    asks: true,
    embeds: true,
  },
  { pattern: /^すみません[、,]\s*/u },
]

export const CLOSINGS_ELSEWHERE: readonly RegExp[] = [
  /(?:,|(?<=[?.!]))\s+(?:bitte|danke|vielen dank|danke schön)[.!]?$/iu,
  /(?:,|(?<=[?.!]))\s+(?:s['’]il (?:te|vous) pla[iî]t|merci(?: d['’]avance)?)[.!]?$/iu,
  /,\s+(?:bitte|s['’]il (?:te|vous) pla[iî]t|por favor)(?=\s?\?$)/iu,
  /(?:,|(?<=[?.!]))\s+(?:por favor|gracias|obrigad[oa]|grazie|per favore)[.!]?$/iu,
  /(?:[，,]|(?<=[？?。！!]))\s*(?:谢谢|谢谢你|多谢)[。！!.]?$/u,
]

/** First words that mean the same with a capital letter. Not "dove", "come" and "como", which are other words in English, or names. */
export const WORDS_ELSEWHERE: readonly string[] =
  'was|wer|wo|wann|warum|wie|welche|welcher|welches|ist|sind|kann|hallo|bitte|guten|quel|quelle|quels|quelles|qui|où|quand|pourquoi|comment|combien|est-ce|bonjour|dis|peux|qué|quién|dónde|cuándo|cómo|cuánto|cuánta|cuál|hola|dime|puedes|qual|quem|onde|quando|quale|erkläre|nenne|explique'.split(
    '|',
  )

/** A text in another language that is a question, by its first word. In Chinese, Japanese and Korean, by a word anywhere. */
export const QUESTION_WORDS_ELSEWHERE =
  /^¿?(?:was|wer|wo|wann|warum|wie|welche[rsnm]?|ist|sind|quel(?:le)?s?|qui|où|quand|pourquoi|comment|combien|qué|quién(?:es)?|dónde|cuándo|cómo|cuánt[oa]s?|cuál(?:es)?|qual|quem|onde|quando|quale) |^(?=\p{sc=Han})[^都也]*(?:为什么|什么|[谁哪吗]|多少|怎么|如何)[^都也]*$|^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}].*(?:ですか|ますか|까)[?？]?$/iu
