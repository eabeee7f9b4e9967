const COMPRESSED: readonly (readonly [name: string, command: string, magic: readonly number[]])[] = [
  ['gzip', 'gzip -dc', [0x1f, 0x8b]],
  ['zstd', 'zstd -dc', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', 'xz -dc', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['bzip2', 'bzip2 -dc', [0x42, 0x5a, 0x68]],
  ['zip', 'unzip -p', [0x50, 0x4b, 0x03, 0x04]],
]

/**
 * Returns a description of what is wrong with a file that is not JSON Lines at all, and what to do about it. Such a
 * file is reported once, instead of once per line.
 *
 * @param head the first bytes of the file
 * @param isWhole whether `head` is the whole file
 * @returns undefined for a file that may be JSON Lines, even if it has bad lines
 */
export function foreignKindOf(head: Uint8Array, isWhole: boolean): string | undefined {
  for (const [name, command, magic] of COMPRESSED) {
    if (startsWith(head, magic))
      return `is compressed (${name}). Decompress it first: ${command} <file> | harbor bulk - …`
  }
  if (isWide(head))
    return 'is UTF-16 or UTF-32, not UTF-8. Convert it first: iconv -f UTF-16 -t UTF-8 <file> | harbor bulk - …'
  if (head.subarray(0, 8 * 1024).includes(0)) return 'is binary, not JSON Lines.'
  return foreignTextOf(new TextDecoder().decode(head), isWhole)
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte)
}

/**
 * Whether a text is UTF-16 or UTF-32: it begins with a byte order mark, or with ASCII characters that have zero bytes
 * between them. JSON always begins with ASCII.
 */
function isWide(head: Uint8Array): boolean {
  if (startsWith(head, [0xff, 0xfe]) || startsWith(head, [0xfe, 0xff])) return true
  const [one, two, three, four] = head
  if (four === undefined) return false
  return (one === 0) !== (two === 0) && (one === 0) === (three === 0) && (two === 0) === (four === 0)
}

function foreignTextOf(text: string, isWhole: boolean): string | undefined {
  const lines = wholeLinesOf(text, isWhole)
  const first = (lines[0] ?? text).trim()
  if (/^\[\s*(?:$|[{["])/.test(first) && (lines.length < 2 || !isJson(first))) {
    return "is one JSON array, not JSON Lines, where each line is a request. Convert it first: jq -c '.[]' <file> | harbor bulk - …"
  }
  if (lines.some(isJson)) return undefined
  if (isCarriageReturned(lines)) {
    return "has lines that end in a carriage return alone. Convert it first: tr '\\r' '\\n' < <file> | harbor bulk - …"
  }
  if (lines.length < 2) return undefined
  if (first.startsWith('{')) {
    return 'is JSON over several lines, not JSON Lines, where each line is a request. Convert it first: jq -c . <file> | harbor bulk - …'
  }
  if (isTable(lines))
    return 'looks like CSV, not JSON Lines. Convert it first, so that each line is a JSON object with a "prompt".'
  if (first.startsWith('"')) return undefined
  return 'is plain text, not JSON Lines. To make each line a prompt: jq -R . <file> | harbor bulk - …'
}

/** Returns the lines that are not blank. The last line is left out if it may be incomplete. */
function wholeLinesOf(text: string, isWhole: boolean): string[] {
  const lines = text.split('\n')
  if (!isWhole) lines.pop()
  return lines.filter((line) => line.trim() !== '')
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

function isCarriageReturned(lines: readonly string[]): boolean {
  const [only, ...more] = lines
  const pieces = only?.split('\r').filter((piece) => piece.trim() !== '') ?? []
  return more.length === 0 && pieces.length > 1 && pieces.slice(0, -1).every(isJson)
}

/** Whether lines look like CSV: each of the first five contains the same separator. */
function isTable(lines: readonly string[]): boolean {
  return [',', ';', '\t'].some((separator) => lines.slice(0, 5).every((line) => line.includes(separator)))
}
