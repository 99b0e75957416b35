/** What a client asks a model to do. */
export type Operation = 'chat' | 'completion' | 'embedding';

/** LiteLLM's `call_type` of each operation, as spend rows carry it. */
export const CALL_TYPES: Readonly<Record<Operation, string>> = {
  chat: 'acompletion',
  completion: 'atext_completion',
  embedding: 'aembedding',
};
