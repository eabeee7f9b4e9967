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

/** Parses the first line of a journal, or returns why it is none. */
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

/**
 * Whether this may be a header whose writer was killed before it was complete. Anything else is another program's file.
 */
export function isTornHeader(text: string): boolean {
  const beginning = encodeHeader({ key: '', fingerprint: undefined }).slice(0, -'"}\n'.length)
  if (text.length < beginning.length) return beginning.startsWith(text)
  return text.startsWith(beginning) && typeof parseHeader(text) === 'string'
}
