/**
 * Splits a list of names. The lists below contain the fields of the vendors' APIs whose names, and in part whose values, reveal nothing
 * about a prompt, an answer or an account. Every other field in a body is redacted, its name included.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Fields whose strings are not redacted if they are one word, such as `stop` or `chatcmpl-123`. */
export const WORD_FIELDS = words(`
  model object role type id status finish_reason stop_reason service_tier serviceTier system_fingerprint event code param
  native_finish_reason
  response_id item_id call_id tool_call_id tool_use_id previous_response_id request_id responseId modelVersion finishReason
  blockReason category probability severity threshold reason reasoning_effort effort verbosity encoding_format detail mode
  truncation purpose endpoint completion_window processing_status media_type mimeType modality trafficType speed inference_geo
  tool_choice response_format @type retryDelay quotaId quotaMetric quotaValue
  syntax source_type recommended_model payer phase error_code taskType prompt_cache_retention ttl batch_id input_file_id output_file_id
  error_file_id expires_at created_at ended_at
`)

/** Fields whose numbers are not redacted. */
export const NUMBER_FIELDS = words(`
  index n created created_at completed_at expires_at output_index content_index summary_index sequence_number temperature top_p
  top_k topP topK max_tokens max_completion_tokens max_output_tokens maxOutputTokens candidateCount presence_penalty
  frequency_penalty seed top_logprobs dimensions outputDimensionality budget_tokens thinkingBudget bytes code
  prompt_tokens completion_tokens total_tokens cached_tokens audio_tokens reasoning_tokens accepted_prediction_tokens
  rejected_prediction_tokens text_tokens image_tokens input_tokens output_tokens cache_creation_input_tokens
  cache_read_input_tokens cache_write_tokens ephemeral_5m_input_tokens ephemeral_1h_input_tokens thinking_tokens
  web_search_requests web_fetch_requests promptTokenCount candidatesTokenCount totalTokenCount thoughtsTokenCount
  cachedContentTokenCount toolUsePromptTokenCount tokenCount totalTokens total completed failed succeeded errored canceled
  expired processing cost queue_time prompt_time completion_time total_time num_sources_used cost_in_usd_ticks prompt_index
  start_offset end_offset check_offset prompt_cache_hit_tokens prompt_cache_miss_tokens start_index end_index start_char_index
  end_char_index max_tool_calls max_uses
`)

/** Fields whose text is redacted. If they hold an object or a list, its structure stays. */
export const TEXT_FIELDS = words(`
  messages content text input instructions system prompt choices message delta usage error errors output summary reasoning
  reasoning_content refusal thinking signature data embedding candidates parts contents systemInstruction generationConfig
  safetySettings safetyRatings promptFeedback usageMetadata tools tool_calls toolConfig tool_config function functionCall
  functionResponse functionDeclarations description name arguments partial_json content_block block response item part parts
  annotations logprobs last_error prompt_tokens_details completion_tokens_details input_tokens_details output_tokens_details
  cache_creation cache_control server_tool_use image_url url file file_id inlineData inline_data source stop stop_sequences
  stop_sequence stopSequences stream_options include_usage stream store background parallel_tool_calls include
  thinkingConfig includeThoughts thought thoughtSignature requests embeddings values details violations links
  quotaDimensions incomplete_details stop_details user strict allowed_function_names
  promptTokensDetails candidatesTokensDetails cacheTokensDetails groundingMetadata citationMetadata
  filtered title encrypted_content page_age format cited_text encrypted_index createTime citation willContinue citations
  content_filter_results prompt_cache_key safety_identifier violence hate self_harm sexual detected partialArgs jsonPath
  stringValue diff content_filters blocked content_filter_raw content_filter_offsets path definition context_management
  applied_edits iterations jailbreak protected_material_text protected_material_code from to explanation billing finishMessage
  usage_breakdown prompt_filter_results operation queries query action results sources document filename audio transcript voice
  b64_json owned_by created_by deleted first_id last_id has_more next_page nextPageToken response_body prediction
  conversation request_counts x_groq obfuscation
`)

/** Fields with objects that users or tools define. Everything in them is redacted, names included. */
export const OPEN_FIELDS = words(`
  parameters input_schema parametersJsonSchema schema json_schema responseSchema responseJsonSchema metadata args headers
  logit_bias labels variables properties
`)

/** Fields that hold JSON as a string, whole or in pieces. */
export const JSON_TEXT_FIELDS = words('arguments partial_json')

/** Matches a string that counts as one word. */
export const WORD = /^[\w.:/@+-]{1,128}$/
