/**
 * The providers that can be named before the slash of `litellm_params.model`: where they are reached and which
 * environment variables customarily hold their keys and addresses. All of these speak OpenAI's dialect.
 */
export interface ProviderDefaults {
  /** Null: the deployment has to say. */
  apiBase: string | null;
  /** Asked in order when the deployment names no key. */
  keyVariables: readonly string[];
  /** Asked in order when the deployment names no address. */
  baseVariables: readonly string[];
  /** A server of one's own often wants no key. */
  needsKey: boolean;
  /** Appended to an address without a path, for servers whose bare address is customary. */
  barePath?: string;
}

const hosted = (apiBase: string, keyVariables: string[], baseVariables: string[] = []): ProviderDefaults => ({
  apiBase,
  keyVariables,
  baseVariables,
  needsKey: true,
});

const selfHosted = (apiBase: string | null, name: string): ProviderDefaults => ({
  apiBase,
  keyVariables: [`${name}_API_KEY`],
  baseVariables: [`${name}_API_BASE`],
  needsKey: false,
});

const openai = hosted('https://api.openai.com/v1', ['OPENAI_API_KEY'], ['OPENAI_BASE_URL', 'OPENAI_API_BASE']);
const ollama: ProviderDefaults = { ...selfHosted('http://localhost:11434/v1', 'OLLAMA'), barePath: '/v1' };
const compatible: ProviderDefaults = { apiBase: null, keyVariables: [], baseVariables: [], needsKey: false };

export const PROVIDERS: Readonly<Record<string, ProviderDefaults>> = {
  openai,
  'text-completion-openai': openai,
  azure: {
    apiBase: null,
    keyVariables: ['AZURE_API_KEY', 'AZURE_OPENAI_API_KEY'],
    baseVariables: ['AZURE_API_BASE'],
    needsKey: true,
  },
  custom_openai: compatible,
  openai_like: { ...compatible, keyVariables: ['OPENAI_LIKE_API_KEY'], baseVariables: ['OPENAI_LIKE_API_BASE'] },
  litellm_proxy: selfHosted(null, 'LITELLM_PROXY'),

  ai21_chat: hosted('https://api.ai21.com/studio/v1', ['AI21_API_KEY']),
  cerebras: hosted('https://api.cerebras.ai/v1', ['CEREBRAS_API_KEY'], ['CEREBRAS_API_BASE']),
  codestral: hosted('https://codestral.mistral.ai/v1', ['CODESTRAL_API_KEY']),
  dashscope: hosted(
    'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    ['DASHSCOPE_API_KEY'],
    ['DASHSCOPE_API_BASE'],
  ),
  deepinfra: hosted('https://api.deepinfra.com/v1/openai', ['DEEPINFRA_API_KEY'], ['DEEPINFRA_API_BASE']),
  deepseek: hosted('https://api.deepseek.com/v1', ['DEEPSEEK_API_KEY'], ['DEEPSEEK_API_BASE']),
  featherless_ai: hosted('https://api.featherless.ai/v1', ['FEATHERLESS_AI_API_KEY'], ['FEATHERLESS_API_BASE']),
  fireworks_ai: hosted(
    'https://api.fireworks.ai/inference/v1',
    ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY'],
    ['FIREWORKS_API_BASE'],
  ),
  friendliai: hosted('https://api.friendli.ai/serverless/v1', ['FRIENDLI_TOKEN', 'FRIENDLIAI_API_KEY']),
  groq: hosted('https://api.groq.com/openai/v1', ['GROQ_API_KEY'], ['GROQ_API_BASE']),
  hyperbolic: hosted('https://api.hyperbolic.xyz/v1', ['HYPERBOLIC_API_KEY'], ['HYPERBOLIC_API_BASE']),
  lambda_ai: hosted('https://api.lambda.ai/v1', ['LAMBDA_API_KEY'], ['LAMBDA_API_BASE']),
  meta_llama: hosted('https://api.llama.com/compat/v1', ['LLAMA_API_KEY'], ['LLAMA_API_BASE']),
  mistral: hosted('https://api.mistral.ai/v1', ['MISTRAL_API_KEY'], ['MISTRAL_API_BASE']),
  moonshot: hosted('https://api.moonshot.ai/v1', ['MOONSHOT_API_KEY'], ['MOONSHOT_API_BASE']),
  nebius: hosted('https://api.studio.nebius.ai/v1', ['NEBIUS_API_KEY'], ['NEBIUS_API_BASE']),
  novita: hosted('https://api.novita.ai/v3/openai', ['NOVITA_API_KEY']),
  nvidia_nim: hosted('https://integrate.api.nvidia.com/v1', ['NVIDIA_NIM_API_KEY'], ['NVIDIA_NIM_API_BASE']),
  openrouter: hosted('https://openrouter.ai/api/v1', ['OPENROUTER_API_KEY', 'OR_API_KEY'], ['OPENROUTER_API_BASE']),
  perplexity: hosted(
    'https://api.perplexity.ai',
    ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    ['PERPLEXITY_API_BASE'],
  ),
  sambanova: hosted('https://api.sambanova.ai/v1', ['SAMBANOVA_API_KEY'], ['SAMBANOVA_API_BASE']),
  together_ai: hosted(
    'https://api.together.xyz/v1',
    ['TOGETHERAI_API_KEY', 'TOGETHER_AI_API_KEY', 'TOGETHER_API_KEY'],
    ['TOGETHERAI_API_BASE'],
  ),
  volcengine: hosted('https://ark.cn-beijing.volces.com/api/v3', ['VOLCENGINE_API_KEY', 'ARK_API_KEY']),
  xai: hosted('https://api.x.ai/v1', ['XAI_API_KEY'], ['XAI_API_BASE']),

  hosted_vllm: selfHosted(null, 'HOSTED_VLLM'),
  llamafile: selfHosted('http://127.0.0.1:8080/v1', 'LLAMAFILE'),
  lm_studio: selfHosted('http://localhost:1234/v1', 'LM_STUDIO'),
  ollama,
  ollama_chat: ollama,
  xinference: selfHosted('http://127.0.0.1:9997/v1', 'XINFERENCE'),
};

/** Providers with a dialect of their own that is not spoken yet. Their deployments are listed but cannot serve. */
export const UNSUPPORTED_PROVIDERS: ReadonlySet<string> = new Set([
  'a2a',
  'abliteration',
  'ai21',
  'aiml',
  'aiohttp_openai',
  'aleph_alpha',
  'amazon_nova',
  'anthropic',
  'anthropic_text',
  'anyscale',
  'apertus',
  'assemblyai',
  'auto_router',
  'azure_ai',
  'azure_anthropic',
  'azure_text',
  'baseten',
  'bedrock',
  'bedrock_converse',
  'black_forest_labs',
  'bytez',
  'chatgpt',
  'chutes',
  'clarifai',
  'cloudflare',
  'cohere',
  'cohere_chat',
  'cometapi',
  'compactifai',
  'complexity_router',
  'custom',
  'databricks',
  'datarobot',
  'deepgram',
  'docker_model_runner',
  'dotprompt',
  'elevenlabs',
  'empower',
  'fal_ai',
  'galadriel',
  'gemini',
  'gigachat',
  'github',
  'github_copilot',
  'gradient_ai',
  'helicone',
  'heroku',
  'huggingface',
  'humanloop',
  'infinity',
  'jina_ai',
  'langfuse',
  'langgraph',
  'lemonade',
  'litellm_agent',
  'llamagate',
  'manus',
  'maritalk',
  'milvus',
  'minimax',
  'morph',
  'nanogpt',
  'nlp_cloud',
  'nscale',
  'oci',
  'oobabooga',
  'ovhcloud',
  'palm',
  'parallel_ai',
  'petals',
  'pg_vector',
  'poe',
  'predibase',
  'publicai',
  'ragflow',
  'recraft',
  'replicate',
  'runwayml',
  'sagemaker',
  'sagemaker_chat',
  'sap',
  'sarvam',
  'searxng',
  'snowflake',
  'stability',
  'synthetic',
  'text-completion-codestral',
  'topaz',
  'triton',
  'v0',
  'vercel_ai_gateway',
  'vertex_ai',
  'vertex_ai_beta',
  'vllm',
  'voyage',
  'wandb',
  'watsonx',
  'watsonx_text',
  'xiaomi_mimo',
  'zai',
  'zhipuai',
]);

/** Names without a provider in front that are not OpenAI's. */
export const MODEL_FAMILIES: readonly (readonly [prefix: string, provider: string])[] = [
  ['claude', 'anthropic'],
  ['gemini', 'gemini'],
  ['command', 'cohere'],
];
