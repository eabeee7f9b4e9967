/** A part of a character alone, which UTF-8 cannot express: all of them would become the same character. */
const LONE_OR_ESCAPE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\\/g

/** Returns a key as a text that UTF-8 can express. Different keys have different texts. */
export function keyText(key: string): string {
  if (key.isWellFormed() && !key.includes('\\')) return key
  return key.replace(LONE_OR_ESCAPE, (part) =>
    part === '\\' ? String.raw`\\` : String.raw`\u${part.charCodeAt(0).toString(16)}`,
  )
}

/** Returns a text as a pattern of Redis that matches this text only. */
export function globText(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, String.raw`\$&`)
}
