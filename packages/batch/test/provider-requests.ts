import type { ProviderBatchRequest } from '../src/provider/contracts.ts'

/** A number of requests for embeddings, `id-0` and on. */
export function requests(count: number, input = 'sea'): ProviderBatchRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    body: { model: 'text-embedding-3-small', input: `${input} ${index}`, dimensions: 2 },
  }))
}
