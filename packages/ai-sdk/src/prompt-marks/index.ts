export { adaptPrompt } from './adapt-prompt.ts'
export { promptTarget, type PromptTarget } from './prompt-target.ts'
export { hasStoredFiles, whyUnable } from './stored-files.ts'
