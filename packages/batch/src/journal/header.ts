const KIND = 'harbor-batch'
const VERSION = 1

/** The first line of a journal. */
export interface Header {
  readonly key: string
  readonly fingerprint: string | undefined
}

export function encodeHeader({ key, fingerprint }: Header): string {
  return `${JSON.stringify({ journal: KIND, version: VERSION, key, fingerprint })}\n`
}

/** Parses the first line of a journal, or returns the reason why the text is not one. */
export function parseHeader(text: string): Header | 'not-a-journal' | 'other-version' {
  let line: Partial<Record<string, unknown>>
  try {
    line = Object(JSON.parse(text)) as typeof line
  } catch {
    return 'not-a-journal'
  }
  const { journal, version, key, fingerprint } = line
  if (journal !== KIND) return 'not-a-journal'
  if (version !== VERSION) return 'other-version'
  const isHeader = typeof key === 'string' && (fingerprint === undefined || typeof fingerprint === 'string')
  return isHeader ? { key, fingerprint } : 'not-a-journal'
}

/** Whether a text may be an incomplete header, left by a process that was killed while writing it. Any other text comes from another program. */
export function isTornHeader(text: string): boolean {
  const beginning = encodeHeader({ key: '', fingerprint: undefined }).slice(0, -'"}\n'.length)
  if (text.length < beginning.length) return beginning.startsWith(text)
  return text.startsWith(beginning) && typeof parseHeader(text) === 'string'
}
