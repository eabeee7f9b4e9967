import { untilAborted } from '@harbor/parts'
import { endReason } from '../attempt/attempt-scope.ts'
import { credentialFailed } from '../attempt/refusals.ts'
import { UnusableKeyError } from '../attempt/unusable-key-error.ts'
import { CallWait } from '../call/call-wait.ts'
import type { LegExchange, LegHandler } from '../call/exchange.ts'
import type { Signer } from '../call/signer.ts'
import { ClientClosedError, TimeoutError } from '../base/errors.ts'
import { formatOf } from '../targets/providers.ts'
import type { TargetCooldowns } from '../routing/target-cooldowns.ts'
import { credentialOf } from '../targets/credential.ts'
import type { KeyState } from '../targets/key-state.ts'

/**
 * How long a signature is valid for Harbor, in milliseconds. If the request is sent later than this after it was signed, it is signed
 * again.
 */
const FRESH_MS = 100

/**
 * Signs attempts. If the key comes from a function or the client has signing hooks, an attempt is signed again unless its signature is new,
 * because a short-lived key may expire during a wait. If the provider has several keys, the attempt is signed with the chosen one. This
 * layer is below the waits for limits and retries.
 * @param cooldowns gets a cooldown for each key whose function failed
 */
export function signLayer(cooldowns: TargetCooldowns): (next: LegHandler) => LegHandler {
  return (next) =>
    function sign(exchange) {
      const signing = signingFor(exchange)
      if (signing === undefined) return next(exchange)
      if (typeof signing !== 'function') return next(signing)
      return signed(exchange, signing, cooldowns).then(next)
    }
}

type Signing = () => Promise<LegExchange>

/** Returns the signed request of the attempt, or a function that signs it; undefined if the request already has the right signature. */
function signingFor(exchange: LegExchange): LegExchange | Signing | undefined {
  const { leg, signer } = exchange
  if (leg.key && !isSignedBySdk(exchange, leg.key)) return signingWith(exchange, leg.key)
  const { provider } = leg
  if (provider.native) return signer && !isFresh(exchange, signer) ? () => again(exchange, signer) : undefined
  const { apiKey } = provider
  return typeof apiKey === 'function' ? () => withKeyFrom(exchange, apiKey) : undefined
}

/** Whether the SDK has already signed the request with this key. True only at the client's own provider. */
function isSignedBySdk({ leg, signer, headers }: LegExchange, { key }: KeyState): boolean {
  if (!leg.provider.native) return false
  if (typeof key === 'function') return signer?.credential === credentialOf(key)
  return headers.get('authorization') === `Bearer ${key ?? ''}`
}

/** Signs a request with one of several keys, after the client's hooks have processed it. */
function signingWith(exchange: LegExchange, { key }: KeyState): LegExchange | Signing {
  const { signer } = exchange
  const isHooked = signer?.hasHooks === true && !isFresh(exchange, signer)
  if (typeof key !== 'function' && !isHooked) return withKey(exchange, key)
  return async () => {
    const hooked = isHooked ? await again(exchange, signer) : exchange
    return typeof key === 'function' ? withKeyFrom(hooked, key) : withKey(hooked, key)
  }
}

async function withKeyFrom(exchange: LegExchange, key: () => Promise<string>): Promise<LegExchange> {
  return withKey(exchange, textOf(await key()))
}

function withKey(exchange: LegExchange, key: string | null): LegExchange {
  const { operation, leg } = exchange
  return { ...exchange, ...operation.endpoint.signed(exchange, formatOf(leg.provider, operation), key ?? '') }
}

function isFresh({ receipt, perCall, init, policy }: LegExchange, { body }: Signer): boolean {
  const isFirst = receipt.attempts.length === 0 && !perCall.isPrefetch && init.body === body
  return isFirst && policy.clock.now() - receipt.startedAt < FRESH_MS
}

async function again(exchange: LegExchange, signer: Signer): Promise<LegExchange> {
  const { body } = exchange.init
  const signed = await signer.sign(body === signer.body ? undefined : body)
  const init = { ...exchange.init, ...(signed.body !== undefined && { body: signed.body }) }
  return { ...exchange, url: signed.url, headers: signed.headers, init }
}

/** Signs a request. It waits for the key function or the hooks at most until the deadline of the call. */
async function signed(
  exchange: LegExchange,
  signing: Signing,
  cooldowns: TargetCooldowns,
): Promise<LegExchange> {
  const wait = new CallWait(exchange)
  try {
    return await untilAborted(wait.signal, signing())
  } catch (error) {
    if (wait.isOver) throw new TimeoutError('total', exchange.policy.totalMs, error)
    if (exchange.signal?.aborted) throw endReason(exchange)
    if (ClientClosedError.is(error)) throw error
    if (exchange.leg.key) cooldowns.noteFailedFunction(exchange)
    throw credentialFailed(exchange, error)
  } finally {
    wait.end()
  }
}

/**
 * Checks the value that a key function returned.
 * @throws UnusableKeyError for a value that cannot be a key; the message never contains it
 */
function textOf(key: unknown): string {
  if (typeof key !== 'string')
    throw new UnusableKeyError(`returned ${key === null ? 'null' : typeof key}, not a text`)
  if (key === '') throw new UnusableKeyError('returned an empty text')
  if (/[^\t\x20-\x7e\x80-\xff]/.test(key))
    throw new UnusableKeyError(
      'returned a text with a line break or another character that no header may have',
    )
  return key
}
