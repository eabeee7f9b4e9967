/**
 * The headers in which vendors name the account whose rate limits a request has used. Providers that copy another vendor's API may send
 * them, too.
 */
const HEADERS = [
  'openai-organization',
  'openai-project',
  'anthropic-organization-id',
  'anthropic-workspace-id',
]
/** The maximum length of one name. */
const MAX_NAME_LENGTH = 128

/**
 * Reads the organization, project and workspace that the headers of an answer name, as one text.
 * @returns undefined when they name none, or when a value is too long to be a name
 */
export function organizationIn(headers: Headers): string | undefined {
  const names = HEADERS.map((header) => headers.get(header) ?? '')
  if (names.every((name) => name === '') || names.some(({ length }) => length > MAX_NAME_LENGTH))
    return undefined
  return JSON.stringify(names)
}
