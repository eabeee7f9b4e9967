import type { BulkRun, BulkSource } from '@harbor/batch'
import type { HarborBulkOptions } from '../bulk/bulk-options.ts'
import type { BulkAnswer } from '../bulk/bulk-request.ts'
import { packedJournal } from '../bulk/packed-journal.ts'
import type { BulkArguments } from './arguments.ts'
import { companion } from './companion.ts'
import type { LineRequest } from './input/line-request.ts'
import type { Reporter } from './output/reporter.ts'

/** The package `@harbor/bullmq`, as far as `harbor bulk` uses it. */
interface FleetPackage {
  readonly runFleetBulk: (source: BulkSource<LineRequest>, options: object) => BulkRun<BulkAnswer>
}

/**
 * Starts a run whose calls are made by workers, `harbor worker`.
 *
 * @param options the options that the run would have if this process made the calls
 * @throws UsageError if `@harbor/bullmq` is not installed
 */
export async function runOnFleet(
  requests: BulkSource<LineRequest>,
  { fleet, concurrency }: Pick<BulkArguments, 'fleet' | 'concurrency'>,
  { journal, id, total, fingerprint }: HarborBulkOptions,
  reporter: Reporter,
): Promise<BulkRun<BulkAnswer>> {
  const { runFleetBulk } = await companion<FleetPackage>('@harbor/bullmq', '--fleet')
  const { url: connection, queue } = fleet ?? { url: '', queue: '' }
  reporter.note(`The calls are made by workers: harbor worker --redis <url> --queue ${queue}`)
  return runFleetBulk(requests, {
    queue,
    connection,
    concurrency,
    journal: packedJournal(journal),
    id,
    total,
    fingerprint,
  })
}
