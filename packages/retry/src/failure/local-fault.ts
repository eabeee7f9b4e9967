type Facts = Readonly<Record<string, unknown>>

/** A failure of this process or machine. */
export interface LocalFault {
  readonly code: string
  /** The request may have been sent: it was being written to an open connection. */
  readonly wasSending: boolean
}

/**
 * Finds out whether this process or machine could not send a request: no file descriptor, memory, buffer, port or permission.
 * Such a failure says nothing about the server.
 *
 * @param link one error of a `cause` chain
 */
export function localFault(link: Facts): LocalFault | undefined {
  const { code, syscall, errors, message } = link
  if (Array.isArray(errors) && errors.length > 0) return faultOfAll(errors)
  if (typeof code === 'string') {
    if (!LOCAL_CODES.has(code)) return undefined
    return { code, wasSending: typeof syscall === 'string' && SENDING.test(syscall) }
  }
  // Runtimes other than Node report only the system's message.
  const row = typeof message === 'string' ? BY_MESSAGE.find(([pattern]) => pattern.test(message)) : undefined
  return row && { code: row[1], wasSending: false }
}

/** Node tries every address of a host. An address that the server refused decides; one that is unreachable from here does not. */
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

const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [/too many open files/i, 'EMFILE'],
  [/no buffer space available/i, 'ENOBUFS'],
  [/cannot allocate memory/i, 'ENOMEM'],
  [/cannot assign requested address/i, 'EADDRNOTAVAIL'],
]
