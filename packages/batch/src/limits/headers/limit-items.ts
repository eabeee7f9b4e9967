/** One limit in the header `ratelimit-policy`, or its remaining amount in `ratelimit`, in all versions of the IETF draft. */
export interface LimitItem {
  /**
   * The text before the parameters: the name of the limit, such as `burst` in `"burst";q=10;w=1`. In older versions of the draft, it is a number,
   * such as `10` in `10;w=1`.
   */
  name: string
  parameters: ReadonlyMap<string, string>
}

/**
 * Parses the lists of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/: items separated by commas, each with parameters
 * separated by semicolons. Malformed items are left out.
 */
export function parseLimitItems(text: string): LimitItem[] {
  const items: LimitItem[] = []
  for (const part of text.slice(0, MAX_HEADER_LENGTH).split(',')) {
    const [name = '', ...rest] = part.split(';').map((each) => each.trim())
    if (name === '') continue
    const parameters = new Map<string, string>()
    for (const parameter of rest) {
      const [key = '', value = ''] = parameter.split('=')
      parameters.set(key.trim().toLowerCase(), unquoted(value.trim()))
    }
    items.push({ name: unquoted(name), parameters })
  }
  return items
}

/** The maximum number of characters of a header that are parsed. No list of limits is longer. */
const MAX_HEADER_LENGTH = 2_000

function unquoted(text: string): string {
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
}
