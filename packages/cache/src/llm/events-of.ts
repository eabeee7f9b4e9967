/** A server-sent event with data. */
export interface LlmEvent {
  readonly name: string | undefined
  readonly data: string
}

/**
 * The events of a whole stream, and what is left of one that was cut.
 * Source: the event stream format of the HTML standard; lines end in LF, CRLF or CR, a blank line ends an event.
 */
export function eventsOf(text: string): { readonly events: readonly LlmEvent[]; readonly rest: string } {
  const events: LlmEvent[] = []
  let name: string | undefined
  let data: string[] = []
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
  // What follows the last line end is a line that has not ended.
  const unfinished = lines.pop() ?? ''
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) events.push({ name, data: data.join('\n') })
      name = undefined
      data = []
    } else if (line.startsWith('data:')) data.push(valueAfter(line, 5))
    else if (line.startsWith('event:')) name = valueAfter(line, 6)
  }
  return { events, rest: data.join('\n') + unfinished }
}

/** One space after the colon belongs to the format, not to the value. */
function valueAfter(line: string, colon: number): string {
  return line.slice(line[colon] === ' ' ? colon + 1 : colon)
}
