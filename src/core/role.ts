/** LiteLLM's proxy roles. `unknown`: a key without a user behind it, which may call models and see itself. */
export type Role =
  | 'proxy_admin'
  | 'proxy_admin_viewer'
  | 'org_admin'
  | 'internal_user'
  | 'internal_user_viewer'
  | 'unknown';
