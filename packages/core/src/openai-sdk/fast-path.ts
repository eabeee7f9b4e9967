import type { Log } from '../call/exchange.ts'
import type { HarborOptions } from '../options/options.ts'

/** The environment variable that turns the fast path off for all clients of the process, with the value `plain`. */
const VARIABLE = 'HARBOR_OPENAI_SDK'

/**
 * Decides whether a client uses the fast path around the SDK's private methods: direct sends, request templates, JSON parsed only once,
 * parsed streams.
 * @returns the reason why the client does not use it; undefined if it does
 */
export function whyNoFastPath(
  { sdkFastPath }: Pick<HarborOptions, 'sdkFastPath'>,
  environment: NodeJS.ProcessEnv,
  log: Log,
): string | undefined {
  const { [VARIABLE]: value = '' } = environment
  if (value === 'plain') return `${VARIABLE}=plain`
  if (value !== '') log('warn', () => `${VARIABLE} must be 'plain' or not set, and is ignored.`)
  return sdkFastPath === false ? 'sdkFastPath: false' : undefined
}
