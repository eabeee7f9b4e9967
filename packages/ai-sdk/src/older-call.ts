import {
  UnsupportedFunctionalityError,
  type LanguageModelV4CallOptions,
  type LanguageModelV4Message,
  type LanguageModelV4ToolResultOutput,
  type SharedV4FileData,
} from '@ai-sdk/provider'

type OlderVersion = 'v3' | 'v2'

/**
 * Converts the options of a call to those of an older version of the model specification, in which files are their bytes or their URL, and
 * the files of a tool result have types of their own.
 * @throws UnsupportedFunctionalityError when the older version has no form for a part of the prompt
 */
export function olderCall(options: LanguageModelV4CallOptions, version: OlderVersion): object {
  const { tools, prompt, reasoning: _unknown, ...rest } = options
  return {
    ...rest,
    prompt: prompt.map((message) => olderMessage(message, version)),
    ...(tools && {
      tools: tools.map((tool) =>
        tool.type === 'provider' && version === 'v2' ? { ...tool, type: 'provider-defined' } : tool,
      ),
    }),
  }
}

function olderMessage(message: LanguageModelV4Message, version: OlderVersion): object {
  if (message.role === 'system') return message
  const parts: readonly Part[] = message.content
  return { ...message, content: parts.map((part) => olderPart(part, version)) }
}

type Part = Exclude<LanguageModelV4Message, { role: 'system' }>['content'][number]

function olderPart(part: Part, version: OlderVersion): object {
  switch (part.type) {
    case 'file':
      return { ...part, data: olderData(part.data, version) }
    case 'tool-result':
      return { ...part, output: version === 'v3' ? outputOfV3(part.output) : outputOfV2(part.output) }
    case 'custom':
    case 'reasoning-file':
      throw unsupported(`parts of the type ${part.type}`, version)
    case 'tool-approval-response':
      if (version === 'v2') throw unsupported('tool approvals', version)
      return part
    default:
      return part
  }
}

function olderData(data: SharedV4FileData, version: OlderVersion): Uint8Array | string | URL {
  switch (data.type) {
    case 'data':
      return data.data
    case 'url':
      return data.url
    case 'text':
      return new TextEncoder().encode(data.text)
    default:
      throw unsupported('files by reference', version)
  }
}

function outputOfV3(output: LanguageModelV4ToolResultOutput): object {
  if (output.type !== 'content') return output
  return {
    ...output,
    value: output.value.map((part) => {
      if (part.type !== 'file') return part
      const { data, type: _type, ...facts } = part
      if (data.type === 'url') return { ...facts, type: 'file-url', url: data.url.toString() }
      if (data.type === 'reference') return { ...facts, type: 'file-id', fileId: data.reference }
      return { ...facts, type: 'file-data', data: base64Of(data) }
    }),
  }
}

function outputOfV2(output: LanguageModelV4ToolResultOutput): object {
  if (output.type === 'execution-denied')
    return { type: 'error-text', value: output.reason ?? 'The execution of the tool was denied.' }
  if (output.type !== 'content') return output
  return {
    ...output,
    value: output.value.map((part) => {
      if (part.type === 'text') return part
      if (part.type === 'custom' || part.data.type === 'url' || part.data.type === 'reference')
        throw unsupported('tool results with custom parts, or with files by URL or reference', 'v2')
      return { type: 'media', data: base64Of(part.data), mediaType: part.mediaType }
    }),
  }
}

function base64Of(data: Extract<SharedV4FileData, { type: 'data' | 'text' }>): string {
  if (data.type === 'data' && typeof data.data === 'string') return data.data
  const bytes = data.type === 'text' ? new TextEncoder().encode(data.text) : (data.data as Uint8Array)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function unsupported(functionality: string, version: OlderVersion): UnsupportedFunctionalityError {
  return new UnsupportedFunctionalityError({
    functionality: `${functionality}, with version ${version.slice(1)} of the model specification`,
  })
}
