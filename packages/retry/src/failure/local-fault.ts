type Facts = Readonly<Record<string, unknown>>

/** A failure whose cause is this process or machine, not the server. */
export interface LocalFault {
  /** The error code of the operating system, such as `EMFILE`. */
  readonly code: string
  /** Whether the error occurred while the connection was in use, so that the request may have been sent. */
  readonly wasSending: boolean
}

/**
 * Recognises an error whose cause is this process or machine: a lack of file descriptors, memory, buffers, ports or permissions, for
 * example. Such an error is no evidence against the server.
 *
 * @param link one error of a `cause` chain
 * @returns undefined for any other error
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

/**
 * Recognises a local fault in an AggregateError, in which Node reports one error for each address of a host. The result is a local fault
 * if at least one error is one, and every other error is a local fault or an unreachable address. Any other error, such as ECONNREFUSED,
 * comes from the server.
 */
function faultOfAll(errors: readonly unknown[]): LocalFault | undefined {
  const faults = errors.map((error) => localFault(error as Facts))
  const areLocal = errors.every(
    (error, place) => faults[place] ?? UNREACHABLE.has(String((error as Facts).code)),
  )
  return areLocal ? faults.find((fault) => fault !== undefined) : undefined
}

/**
 * Error codes whose cause is this machine. Source: the ERRORS sections of socket(2), connect(2), bind(2), getaddrinfo(3) and
 * send(2).
 */
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
