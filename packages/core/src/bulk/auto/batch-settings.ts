import { createProviderBatch } from '@harbor/batch/openai'
import type { OpenAI } from 'openai'
import type { HarborBulkOptions } from '../bulk-options.ts'

type BatchSettings = NonNullable<HarborBulkOptions['providerBatch']>

/** Returns the settings of batches that a run by deadline does not choose itself. */
export function usableBatchSettings(settings: BatchSettings = {}): Omit<BatchSettings, 'endpoint'> {
  const { endpoint: _endpoint, ...rest } = settings
  return rest
}

/** @throws TypeError or RangeError for settings that no batch could be submitted with */
export function checkBatchSettings(client: OpenAI, settings: BatchSettings | undefined): void {
  createProviderBatch({ ...usableBatchSettings(settings), client, endpoint: '/v1/chat/completions' })
}
