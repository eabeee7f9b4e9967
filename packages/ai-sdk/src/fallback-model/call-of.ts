import { HARBOR } from '../receipts/receipt-of.ts'
import { checkCallOptions, type HarborCallOptions } from './check-options.ts'

const NONE: HarborCallOptions = {}

/**
 * Separates Harbor's part of `providerOptions` from the options of a call, so that it is never sent to a provider.
 *
 * @throws TypeError for an option in `providerOptions.harbor` that does not exist or has a wrong value
 */
export function callOf<Options extends { readonly providerOptions?: Readonly<Record<string, unknown>> }>(
  options: Options,
): { readonly options: Options; readonly harbor: HarborCallOptions } {
  const given = options.providerOptions?.[HARBOR]
  if (given === undefined) return { options, harbor: NONE }
  checkCallOptions(given)
  const { providerOptions, ...rest } = options
  const { [HARBOR]: _own, ...others } = providerOptions ?? {}
  const sent = Object.keys(others).length > 0 ? { ...rest, providerOptions: others } : rest
  return { options: sent as Options, harbor: given }
}
