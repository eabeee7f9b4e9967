// Makes text from an upstream safe for receipts, events, log lines and error messages.

const WORD = /^[\w.:-]{1,64}$/

/** Returns an error code or finish reason unchanged if it is a plain word of at most 64 characters, otherwise `other`. */
export function cleanWord(word: string): string {
  return WORD.test(word) ? word : 'other'
}

const MAX_ID_LENGTH = 128

/**
 * Cuts a request id to 128 characters, and replaces all characters but printable ASCII by `?`. Returns undefined for a missing or empty id.
 */
export function cleanId(id: string | null): string | undefined {
  return id === null || id === '' ? undefined : id.slice(0, MAX_ID_LENGTH).replace(/[^\x20-\x7e]/g, '?')
}

const MAX_MESSAGE_LENGTH = 1_000

/** Cuts a message to 1,000 characters and replaces control characters, except tabs and line breaks, by spaces. */
export function cleanMessage(message: string): string {
  const cut = message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message
  // eslint-disable-next-line no-control-regex -- these are the characters to remove
  return cut.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, ' ').trim()
}
