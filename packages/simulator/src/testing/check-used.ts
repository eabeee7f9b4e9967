import type { SimpleFault } from '../script/fault.ts'
import type { ProviderScript } from '../script/script.ts'
import type { SimulatedProvider } from '../simulated-provider.ts'

/**
 * Checks that every fault that a test itself scripted or queued has happened.
 *
 * @param scripts the scripts that all tests share, by provider; their faults are not checked
 * @throws Error that names the faults that did not happen
 */
export function checkUsed(
  providers: Iterable<SimulatedProvider>,
  scripts: Readonly<Record<string, ProviderScript>>,
): void {
  const problems: string[] = []
  for (const provider of providers) {
    const shared = faultsOf(scripts[provider.name])
    const unused = provider.unusedFaults().filter((fault) => !shared.has(fault))
    if (unused.length === 0) continue
    const { calls } = provider.counts()
    problems.push(
      `${provider.name}: ${unused.map(({ type }) => type).join(', ')} (it received ${calls === 1 ? '1 call' : `${calls} calls`})`,
    )
  }
  if (problems.length > 0) throw new Error(`scripted faults that did not happen: ${problems.join('; ')}`)
}

function faultsOf({ rules = [] }: ProviderScript = {}): Set<SimpleFault | 'ok'> {
  return new Set(
    rules.flatMap(({ fault }) => (fault !== 'ok' && fault.type === 'sequence' ? fault.faults : [fault])),
  )
}
