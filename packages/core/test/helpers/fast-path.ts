import { describe } from 'vitest'

/** Whether this run has the fast path around the SDK's private methods turned off, as a step of `pnpm check` has. */
export const isPlainSdk = process.env['HARBOR_OPENAI_SDK'] === 'plain'

/** Tests that the fast path is taken. What calls return, with it or without, is for all other tests. */
export function describeFastPath(name: string, tests: () => void): void {
  describe.skipIf(isPlainSdk)(isPlainSdk ? `${name} (skipped: HARBOR_OPENAI_SDK=plain)` : name, tests)
}
