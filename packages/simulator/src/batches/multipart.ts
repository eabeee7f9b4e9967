/** One part of a `multipart/form-data` body: a field or a file. */
export interface Part {
  name: string
  /** The name of the file; undefined if the part is not a file. */
  filename: string | undefined
  content: Buffer
}

const headerEnd = Buffer.from('\r\n\r\n')

/**
 * Splits a `multipart/form-data` body (RFC 7578) into its parts, without copying them.
 *
 * @returns undefined if the body is not multipart, or is truncated
 */
export function readMultipart(contentType: string, body: Buffer): Part[] | undefined {
  const [, quoted, bare] =
    /^multipart\/form-data\b.*;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) return undefined
  const dashes = Buffer.from(`--${boundary}`)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  if (!body.subarray(0, dashes.length).equals(dashes)) return undefined

  const parts: Part[] = []
  let at = dashes.length
  while (body.toString('latin1', at, at + 2) === '\r\n') {
    const contentStart = body.indexOf(headerEnd, at)
    const contentEnd = contentStart < 0 ? -1 : body.indexOf(delimiter, contentStart + 2)
    if (contentEnd < 0) return undefined
    const head = body.toString('utf8', at, contentStart)
    const name = parameter(head, 'name')
    if (name === undefined) return undefined
    const content = body.subarray(contentStart + headerEnd.length, contentEnd)
    parts.push({ name, filename: parameter(head, 'filename'), content })
    at = contentEnd + delimiter.length
  }
  return body.toString('latin1', at, at + 2) === '--' ? parts : undefined
}

function parameter(head: string, name: string): string | undefined {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? ''
  return new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1]
}
