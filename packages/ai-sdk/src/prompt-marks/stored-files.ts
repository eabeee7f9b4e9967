import type { LanguageModelV4FilePart, LanguageModelV4Prompt } from '@ai-sdk/provider'

import type { PromptTarget } from './prompt-target.ts'

type FileData = LanguageModelV4FilePart['data']

/** Names of vendors come from the prompt, so what is printed of them is bounded. */
const MAX_STORES_LENGTH = 40

/** Whether the file is a reference to storage of vendors that the target does not reach. */
export function isStoredElsewhere(data: FileData, target: PromptTarget): boolean {
  if (data.type !== 'reference') return false
  for (const key in data.reference) if (target.keys.has(key)) return false
  return true
}

/** The vendors at which the file is stored. */
export function storesOf(data: FileData): string {
  const stores = data.type === 'reference' ? Object.keys(data.reference).join(', ') : ''
  return stores.slice(0, MAX_STORES_LENGTH) || 'no vendor'
}

/**
 * Why the target cannot answer: the caller's question, or a result of the caller's tool, holds a file that is stored at
 * another vendor. An answer without this file would be an answer to another question, so it is not left out.
 */
export function whyUnable(prompt: LanguageModelV4Prompt, target: PromptTarget): string | undefined {
  for (const file of filesOf(prompt)) {
    if (isStoredElsewhere(file, target)) return `a file of the prompt is stored at ${storesOf(file)}`
  }
  return undefined
}

/** Whether the caller's question, or a result of the caller's tool, holds a file that is stored at a vendor. */
export function hasStoredFiles(prompt: LanguageModelV4Prompt): boolean {
  for (const file of filesOf(prompt)) if (file.type === 'reference') return true
  return false
}

function* filesOf(prompt: LanguageModelV4Prompt): Generator<FileData> {
  for (const message of prompt) {
    if (message.role !== 'user' && message.role !== 'tool') continue
    for (const part of message.content) {
      if (part.type === 'file') yield part.data
      if (part.type !== 'tool-result' || part.output.type !== 'content') continue
      for (const file of part.output.value) if (file.type === 'file') yield file.data
    }
  }
}
