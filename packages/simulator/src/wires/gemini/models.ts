import type { Answer } from '../../answers/answer.ts'
import { modelNotFound } from './checks.ts'
import { geminiJson } from './generate-content.ts'

const usual = ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite', 'gemini-embedding-001']

/** Returns the answer to a request for the list of models or, with an id, for one of them. */
export function answerModels(id: string, models: readonly string[] = usual): Answer {
  if (id === '') return geminiJson({ models: models.map(modelInfo) })
  return models.includes(id) ? geminiJson(modelInfo(id)) : modelNotFound(id, 'getModel')
}

function modelInfo(id: string) {
  const methods = id.includes('embedding')
    ? ['embedContent', 'batchEmbedContents', 'countTokens']
    : ['generateContent', 'countTokens']
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    description: 'A simulated model.',
    inputTokenLimit: 1_048_576,
    outputTokenLimit: 65_536,
    supportedGenerationMethods: methods,
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
    thinking: id.includes('pro'),
  }
}
