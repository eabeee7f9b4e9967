type Facts = Readonly<Record<string, unknown>>

/** What an error says of this machine. */
export interface LocalFault {
  readonly code: string
  /** The request may have left: the connection stood, and writing to it failed. */
  readonly wasSending: boolean
}

/**
 * Whether this process or this machine had no means to send a request: no file descriptor, memory, buffer, port or permission.
 * That says nothing about the server.
 * @param link one error of a `cause` chain
 */
export function localFault(link: Facts): LocalFault | undefined {
  const { code, syscall, errors, message } = link
  if (Array.isArray(errors) && errors.length > 0) return faultOfAll(errors)
  if (typeof code === 'string') {
    if (!LOCAL_CODES.has(code)) return undefined
    return { code, wasSending: typeof syscall === 'string' && SENDING.test(syscall) }
  }
  // Runtimes other than Node give the words of the system alone.
  const words = typeof message === 'string' ? WORDS.find(([pattern]) => pattern.test(message)) : undefined
  return words && { code: words[1], wasSending: false }
}

/** Node tries every address of a host. One that was refused by the server decides; one that cannot be reached from here does not. */
function faultOfAll(errors: readonly unknown[]): LocalFault | undefined {
  const faults = errors.map((error) => localFault(error as Facts))
  const isOurs = errors.every(
    (error, place) => faults[place] ?? UNREACHABLE.has(String((error as Facts).code)),
  )
  return isOurs ? faults.find((fault) => fault !== undefined) : undefined
}

/** Source: the ERRORS sections of socket(2), connect(2), bind(2), getaddrinfo(3) and send(2). */
const LOCAL_CODES = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'ENOSPC',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EACCES',
  'EPERM',
  'EAGAIN',
  'ENETDOWN',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'EAI_MEMORY',
])

const SENDING = /^(?:write|send|shutdown|read|recv)/

const UNREACHABLE = new Set(['ENETUNREACH', 'EHOSTUNREACH'])

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/too many open files/i, 'EMFILE'],
  [/no buffer space available/i, 'ENOBUFS'],
  [/cannot allocate memory/i, 'ENOMEM'],
  [/cannot assign requested address/i, 'EADDRNOTAVAIL'],
]
