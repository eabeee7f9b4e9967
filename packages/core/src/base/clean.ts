// Makes text of an upstream safe for receipts, events, log lines and error messages.

const WORD = /^[\w.:-]{1,64}$/

/** A code or a finish reason; `other` for anything but a plain word of at most 64 characters. */
export function cleanWord(word: string): string {
  return WORD.test(word) ? word : 'other'
}

const MAX_ID_LENGTH = 128

/** A request id, cut to 128 characters, without line breaks and control characters. */
export function cleanId(id: string | null): string | undefined {
  return id === null || id === '' ? undefined : id.slice(0, MAX_ID_LENGTH).replace(/[^\x20-\x7e]/g, '?')
}

const MAX_MESSAGE_LENGTH = 1_000

/** A message of at most 1,000 characters, without control characters other than tabs and line breaks. */
export function cleanMessage(message: string): string {
  const cut = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message
  // eslint-disable-next-line no-control-regex -- these are what must not come through
  return cut.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ' ').trim()
}
