/** Headers in raw form: a record (with arrays for repeated headers), a list in which names and values alternate, or Headers. */
export type RawHeaders =
  Readonly<Record<string, string | readonly string[] | undefined>> | readonly string[] | Headers

const COOKIES = 'set-cookie'

// TypeScript declares the methods of Headers as properties, which a class cannot override with methods. So the class extends an opaque
// type, and the merged interface declares that it is a Headers.
/** The global `Headers` class, as a type that can be extended with methods. */
const GenuineHeaders = Headers as unknown as new () => object

/** Headers that are created without validation: see the class of the same name. They have all members of `Headers`. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unsafe-declaration-merging -- all of it is overridden
export interface LeanHeaders extends Headers {}

/**
 * Headers that are created without validation, and sorted only when they are iterated. They pass `instanceof Headers` and behave like
 * Headers. `new Headers(lean)` copies them into an ordinary Headers object.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- see above
export class LeanHeaders extends GenuineHeaders {
  #values = new Map<string, string>()
  #cookies: string[] | undefined

  /** @param raw headers whose names were checked by an HTTP parser; undefined for none */
  constructor(raw: Exclude<RawHeaders, Headers> | undefined) {
    super()
    eachLine(raw, (name, value) => this.#add(name.toLowerCase(), trimmed(value)))
  }

  /** Returns the value of a header, or null; several values are joined by commas. `name` may be in any case. */
  get(name: string): string | null {
    return this.#values.get(name) ?? (isPlain(name) ? null : (this.#values.get(nameOf(name)) ?? null))
  }

  /** Whether there is a header of this name, in any case. */
  has(name: string): boolean {
    return this.#values.has(name) || (!isPlain(name) && this.#values.has(nameOf(name)))
  }

  /** Sets a header. Replaces all headers of this name. */
  set(name: string, value: string): void {
    const key = isPlain(name) ? name : nameOf(name)
    const text = valueOf(name, value)
    this.#values.set(key, text)
    if (key === COOKIES) this.#cookies = [text]
  }

  /** Adds a value to a header, after the values that it has. */
  append(name: string, value: string): void {
    this.#add(nameOf(name), valueOf(name, value))
  }

  /** Deletes a header; does nothing if it does not exist. */
  delete(name: string): void {
    const key = nameOf(name)
    this.#values.delete(key)
    if (key === COOKIES) this.#cookies = undefined
  }

  /** Deletes every header whose name begins with `prefix`, which is in lower case. */
  deleteAll(prefix: string): void {
    for (const name of this.#values.keys()) if (name.startsWith(prefix)) this.#values.delete(name)
    if (COOKIES.startsWith(prefix)) this.#cookies = undefined
  }

  /** Returns the values of all `set-cookie` headers, each on its own. */
  getSetCookie(): string[] {
    return [...(this.#cookies ?? [])]
  }

  /** Iterates over pairs of a name and a value, sorted by name. Names are in lower case. */
  entries(): ArrayIterator<[string, string]> {
    return this.#collect((name, value): [string, string] => [name, value])
  }

  /** Iterates over the names, in lower case and sorted. */
  keys(): ArrayIterator<string> {
    return this.#collect((name) => name)
  }

  /** Iterates over the values, sorted by name. */
  values(): ArrayIterator<string> {
    return this.#collect((_, value) => value)
  }

  [Symbol.iterator](): ArrayIterator<[string, string]> {
    return this.entries()
  }

  /** Calls a function for each header, sorted by name. */
  forEach(visit: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const name of this.#names()) {
      if (name === COOKIES) for (const cookie of this.#cookies ?? []) visit.call(self, cookie, name, this)
      else visit.call(self, this.#values.get(name) ?? '', name, this)
    }
  }

  /** Returns an independent copy: changes of one do not change the other. */
  copy(): LeanHeaders {
    const copy = new LeanHeaders(undefined)
    copy.#values = new Map(this.#values)
    copy.#cookies = this.#cookies && [...this.#cookies]
    return copy
  }

  /** Shows these headers in a console in the same way as genuine Headers. */
  [Symbol.for('nodejs.util.inspect.custom')](): Headers {
    return new Headers(this)
  }

  /** Returns the names in alphabetical order. For a few names, the insertion sort used here is faster than `sort()`. */
  #names(): string[] {
    const names: string[] = []
    for (const name of this.#values.keys()) {
      let at = names.length
      for (; at > 0 && (names[at - 1] ?? '') > name; at--) names[at] = names[at - 1] ?? ''
      names[at] = name
    }
    return names
  }

  #collect<Item>(itemOf: (name: string, value: string) => Item): ArrayIterator<Item> {
    const items: Item[] = []
    this.forEach((value, name) => items.push(itemOf(name, value)))
    return items.values()
  }

  #add(name: string, value: string): void {
    const known = this.#values.get(name)
    const between = name === 'cookie' ? '; ' : ', '
    this.#values.set(name, known === undefined ? value : known + between + value)
    if (name === COOKIES) (this.#cookies ??= []).push(value)
  }
}

/** Returns the value of one raw header, without creating Headers. @param name in lower case */
export function rawHeader(raw: Exclude<RawHeaders, Headers> | undefined, name: string): string | undefined {
  let found: string | undefined
  eachLine(raw, (line, value) => {
    if (line.toLowerCase() === name) found = found === undefined ? value : `${found}, ${value}`
  })
  return found
}

function eachLine(
  raw: Exclude<RawHeaders, Headers> | undefined,
  visit: (name: string, value: string) => void,
): void {
  if (raw === undefined) return
  if (Array.isArray(raw)) {
    for (let at = 0; at + 1 < raw.length; at += 2) visit(raw[at] as string, raw[at + 1] as string)
    return
  }
  const record = raw as Readonly<Record<string, string | readonly string[] | undefined>>
  for (const name in record) {
    const values = record[name]
    if (typeof values === 'string') visit(name, values)
    else for (const value of values ?? []) visit(name, value)
  }
}

/** A header name or value. Callers in plain JavaScript also pass numbers, which genuine Headers accept too. */
type Text = string | number

const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/
const OUTER_SPACE = /^[\t\n\r ]+|[\t\n\r ]+$/g
const FORBIDDEN = /[\0\n\r]|[^\0-\xff]/

/**
 * Whether the name consists only of lower-case letters and hyphens, as most names do. Such a name need not be validated and converted to
 * lower case, which would take longer than this check.
 */
function isPlain(name: Text): boolean {
  if (PLAIN.has(name)) return true
  if (typeof name !== 'string' || name === '') return false
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (!((code >= LOWER_A && code <= LOWER_Z) || code === HYPHEN)) return false
  }
  if (PLAIN.size < MAX_PLAIN) PLAIN.add(name)
  return true
}

const [LOWER_A, LOWER_Z, HYPHEN] = [97, 122, 45]
/** The names that passed `isPlain`, cached because a program uses the same few names repeatedly. */
const PLAIN = new Set<unknown>()
const MAX_PLAIN = 200

function nameOf(name: Text): string {
  if (!TOKEN.test(String(name)))
    throw new TypeError(`${JSON.stringify(String(name))} is not a valid header name.`)
  return String(name).toLowerCase()
}

function valueOf(name: string, value: Text): string {
  const text = trimmed(String(value))
  if (FORBIDDEN.test(text))
    throw new TypeError(
      `The value of the header ${name} contains a character that is not allowed in headers.`,
    )
  return text
}

function trimmed(value: string): string {
  return value.replace(OUTER_SPACE, '')
}
