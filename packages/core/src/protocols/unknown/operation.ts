import { ANSWER } from '../openai/answer.ts'
import { openaiEndpoint } from '../openai/endpoint.ts'
import { ERRORS } from '../openai/errors.ts'
import { REQUEST } from '../openai/request.ts'
import { TOKENS } from '../openai/token-estimates.ts'
import { CHAT_CACHING } from '../openai-chat/chat-caching.ts'
import { COMPLETION_LAST_RESORT } from '../openai-chat/chat-last-resort.ts'
import type { Operation, OtherEndpoints } from '../protocol.ts'
import type { StreamDialect } from '../shared/stream-dialect.ts'
import type { Vendor } from '../vendors.ts'
import { AnyDialect } from './any-dialect.ts'
import { mayBeBilled } from './unknown-requests.ts'

/** What the endpoints of a vendor have in common, whether Harbor knows them or not. */
interface VendorFormat extends Pick<Operation, 'errors'> {
  readonly vendor: Vendor
  /** How the credential of a request is read, if it may be in the URL. @default it is never in the URL */
  readonly endpoint?: Pick<Operation['endpoint'], 'credentialIn' | 'withoutCredential'>
  /** Makes a reader whose error events have the form of the vendor. @default the form of OpenAI */
  readonly newDialect?: () => StreamDialect
}

/**
 * Makes the operations for the endpoints of a vendor that Harbor does not know. Requests to them are sent only to the provider that they
 * are addressed to. Of their answers, only event streams are checked; others are passed on unchecked.
 */
export function otherEndpoints({ vendor, errors, endpoint, newDialect }: VendorFormat): OtherEndpoints {
  const write: Operation = {
    name: 'other',
    protocol: undefined,
    vendor,
    checksAnswers: false,
    portable: false,
    ambiguousRetries: 0,
    request: { ...REQUEST, mayBeBilled },
    endpoint: { ...openaiEndpoint({ path: undefined }), ...endpoint },
    answer: { ...ANSWER, missing: () => undefined },
    errors,
    tokens: TOKENS,
    caching: { ...CHAT_CACHING, whyUnsafe: () => 'not-a-question' },
    lastResort: { ...COMPLETION_LAST_RESORT, bodyOf: () => undefined },
    newDialect: () => new AnyDialect(newDialect?.()),
  }
  return { read: { ...write, ambiguousRetries: Infinity }, write }
}

/** The endpoints of OpenAI, and of every provider that is not known to have the API of another vendor. */
export const OTHER: OtherEndpoints = otherEndpoints({ vendor: 'openai', errors: ERRORS })
