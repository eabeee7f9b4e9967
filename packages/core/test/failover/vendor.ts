import type { SimulatedProvider } from '@harbor/simulator'
import type {
  HarborFetch,
  HarborFetchOptions,
  PerCallOptions,
  ProviderOptions,
  Receipt,
} from '../../src/index.ts'
import { harborFetchFor } from '../helpers/harbor-for.ts'
import type { Form, Places } from './rows.ts'

/** The result of one call through a vendor's SDK. */
export interface Reading {
  /** The events of a stream, as the SDK returns them; the answer of a call without a stream. */
  readonly chunks: readonly unknown[]
  readonly error: unknown
  readonly receipt: Receipt | undefined
  /** The target that served the call, from the answer's headers. */
  readonly servedBy: string | undefined
}

/** What an SDK's error says, in the same words for all SDKs. */
export interface ErrorFacts {
  /** Whether it is an instance of the class that the SDK has for this status, or for a broken connection. */
  readonly isTyped: boolean
  readonly status: number | undefined
  /** The code of the provider or of Harbor. */
  readonly code: string | undefined
  readonly message: string
}

/** One call of an SDK. */
export interface Setting {
  readonly baseURL: string
  readonly fetch: typeof globalThis.fetch
  readonly form: Form
  readonly signal?: AbortSignal | undefined
}

/** A vendor's SDK with the words in which its protocol says the same as the others. */
export interface Vendor {
  readonly name: string
  /** The client's own provider in names of targets. */
  readonly provider: string
  readonly kind: ProviderOptions['kind']
  readonly model: string
  readonly places: Places
  /** The base URL of the SDK at this address, which need not be the simulator's. */
  baseURL(address: string): string
  /** Makes a call and reads its answer. @returns the chunks @throws the error of the SDK, with the chunks before it in `before` */
  call(setting: Setting, before: unknown[]): Promise<void>
  /** The text of the chunks. @throws Error when they belong to two answers or do not end exactly once */
  textOf(form: Form, chunks: readonly unknown[]): string
  factsOf(error: unknown): ErrorFacts
}

/**
 * A client of the vendor's SDK over `createHarborFetch()`.
 *
 * @param perCall the options of a copy made by `with()`, which the client then uses
 */
export function clientOf(
  vendor: Vendor,
  provider: Pick<SimulatedProvider, 'baseURL'>,
  options: HarborFetchOptions,
  perCall?: PerCallOptions,
): { readonly harborFetch: HarborFetch; call(form: Form, signal?: AbortSignal): Promise<Reading> } {
  const own = harborFetchFor(options)
  const harborFetch = perCall ? own.with(perCall) : own
  return { harborFetch, call }

  async function call(form: Form, signal?: AbortSignal): Promise<Reading> {
    const chunks: unknown[] = []
    let error: unknown
    let response: Response | undefined
    let receipt: Receipt | undefined
    const off = harborFetch.on('call', (event) => (receipt ??= event.receipt))
    const fetch: typeof globalThis.fetch = async (...request) => (response = await harborFetch(...request))
    try {
      await vendor.call({ baseURL: vendor.baseURL(provider.baseURL), fetch, form, signal }, chunks)
    } catch (thrown) {
      error = thrown
    }
    off()
    await closed(receipt)
    return { chunks, error, receipt, servedBy: response?.headers.get('x-harbor-target') ?? undefined }
  }
}

/** The code of the first error in a chain of causes that has one. */
export function codeInCauses(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return undefined
}

/** Waits until the receipt is closed, shortly after the reader has left the stream. Fails the test if it stays open. */
async function closed(receipt: Receipt | undefined): Promise<void> {
  for (let turns = 0; receipt?.outcome === 'pending'; turns++) {
    if (turns === 5_000) throw new Error('The stream has ended, and its receipt stays open.')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
