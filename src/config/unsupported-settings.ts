/**
 * LiteLLM's settings that are known here but have no effect yet. A file may hold them; one warning lists those it does.
 * Whatever is neither in these tables nor in the schemas is a mistake, and reported as one.
 */
const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).filter((word) => word !== ''));

export const UNSUPPORTED_SECTIONS = words(`
  assistant_settings callback_settings credential_list files_settings finetune_settings guardrails mcp_aliases
  mcp_servers mcp_tools policies policy_attachments prompts search_tools vector_store_registry vector_stores
  worker_registry
`);

export const UNSUPPORTED_GENERAL_SETTINGS = words(`
  alert_to_webhook_url alerting_threshold
  allow_cli_sso_verification_uri_complete allow_client_side_credentials allow_requests_on_db_unavailable
  allow_user_auth always_include_stream_usage apply_user_budget_to_team_keys
  auto_redirect_ui_login_to_sso background_health_check_model_groups background_health_checks block_robots
  cancel_on_disconnect completion_model config_store_prompts control_plane_url coordination_redis custom_auth
  custom_auth_run_common_checks custom_auth_settings custom_key_update custom_sso custom_ui_sso_sign_in_handler
  database_args database_connect_timeout database_connection_timeout
  database_disable_prepared_statements database_extra_connection_params database_socket_timeout database_type
  database_url_read_replica default_team_disabled disable_adding_master_key_hash_to_db
  disable_budget_reservation disable_error_logs disable_master_key_return
  disable_prisma_schema_update disable_reset_budget disable_responses_id_security
  disable_retry_on_max_parallel_request_limit_error disable_spend_logs disable_spend_updates
  disable_strict_user_role_check embedding_model enable_health_check_routing enable_jwt_auth enable_oauth2_auth
  enable_oauth2_proxy_auth enable_public_model_hub forward_client_headers_to_llm_api
  forward_llm_provider_auth_headers forward_openai_org_id google_kms_key_name health_check_concurrency
  health_check_details health_check_ignore_transient_errors health_check_interval health_check_max_tokens
  health_check_skip_disabled_background_models health_check_staleness_threshold image_generation_model
  infer_model_from_keys internal_user_budget_id key_management_settings key_management_system litellm_jwtauth
  litellm_license max_batch_file_size_mb max_parallel_requests max_response_size_mb
  maximum_autorouter_session_retention_period maximum_health_check_retention_period
  maximum_spend_logs_cleanup_batch_size maximum_spend_logs_cleanup_batch_timeout maximum_spend_logs_cleanup_cron
  maximum_spend_logs_cleanup_max_batches maximum_spend_logs_cleanup_run_budget
  mcp_internal_ip_ranges mcp_required_fields mcp_trusted_proxy_ranges
  mcp_xff_num_trusted_hops minimum_ui_access_role model_list_healthy_only moderation_model oauth2_config_mappings otel
  pass_through_endpoints pass_through_request_timeout plugins provider_url_destination_allowed_hosts
  proxy_batch_polling_interval proxy_budget_rescheduler_max_time proxy_budget_rescheduler_min_time
  proxy_config_reload_interval_seconds required_env_vars role_permissions
  scheduled_job_stagger search_tools service_callbacks show_spend_logs spend_logs_metadata_fields
  sso_settings store_prompts_in_cold_storage supported_db_objects trusted_proxy_ranges
  ui_access_mode use_azure_key_vault use_chat_completions_url_for_anthropic_messages
  use_client_credentials_pass_through_routes use_google_kms use_redis_transaction_buffer use_shared_health_check
  use_spend_logs_partitioning use_x_forwarded_for user_api_key_cache_max_size user_api_key_cache_ttl
  user_mcp_management_mode user_url_allowed_hosts user_url_validation
`);

export const UNSUPPORTED_ALERTING_ARGS = words(`
  alerting_threshold budget_alert_ttl daily_report_frequency email_support_contact log_to_console
  major_outage_alert_threshold max_outage_alert_list_size minor_outage_alert_threshold outage_alert_ttl
  region_outage_alert_ttl report_check_interval
`);

export const UNSUPPORTED_LITELLM_SETTINGS = words(`
  DEFAULT_FLUSH_INTERVAL_SECONDS LITELLM_DISABLE_STOP_SEQUENCE_LIMIT add_function_to_prompt add_user_information_to_llm_headers
  aggregate_callback_exceptions aiohttp_trust_env allow_dynamic_callback_disabling allowed_fails_policy anthropic_key
  api_base api_key api_version audit_log_callbacks aws_sqs_callback_params azure_key azure_sentinel_params
  banned_keywords_list blocked_user_list caching caching_with_models callback_settings
  cohere_key cold_storage_custom_logger config_path content_policy_fallbacks context_window_fallbacks cooldown_time
  cost_discount_config cost_margin_config custom_prometheus_metadata_labels custom_prometheus_tags custom_prompt_dict
  custom_provider_map datadog_llm_observability_params datadog_params dd_tracing default_fallbacks
  default_in_memory_ttl default_key_max_budget_alert_emails
  default_max_internal_user_budget default_redis_batch_cache_expiry default_redis_ttl default_soft_budget
  default_vertex_config disable_add_prefix_to_prompt
  disable_add_transform_inline_image_block disable_add_user_agent_to_request_tags disable_aiohttp_transport
  disable_aiohttp_trust_env disable_anthropic_gemini_context_caching_transform disable_copilot_system_to_assistant
  disable_default_user_agent disable_end_user_cost_tracking disable_end_user_cost_tracking_prometheus_only
  disable_hf_tokenizer_download disable_stop_sequence_limit disable_streaming_logging drop_params dynamodb_table_name
  email enable_azure_ad_token_refresh enable_caching_on_provider_specific_optional_params
  enable_end_user_cost_tracking_prometheus_only enable_gemini_default_thinking_level_low enable_json_schema_validation
  enable_loadbalancing_on_batch_endpoints enable_preview_features
  enable_redis_auth_cache enforce_end_user_model_max_budget_on_master_key experimental_mcp_client
  extra_spend_tag_headers fallbacks force_ipv4
  forward_traceparent_to_llm_provider gcs_pub_sub_use_v1 generic_logger_headers global_bitbucket_config
  global_gitlab_config global_prompt_directory global_prompt_manager groq_key guardrail_name_config_map guardrails
  headers huggingface_key in_memory_llm_clients_cache include_cost_in_streaming_usage
  initialize_pass_through_endpoints input_callback json_logs
  langfuse_default_tags langsmith_batch_size log_client_error_requests log_raw_request_response logging
  logging_callback_manager max_fallbacks
  max_tokens max_ui_session_budget max_user_budget mcp_aliases model_alias_map model_cost_map_url model_fallbacks
  model_group_settings modify_params network_mock newrelic_params num_retries_per_request openai_key
  openai_moderations_model_name openrouter_key optional_pre_call_checks organization otel output_parse_pii
  post_call_rules pre_call_rules presidio_ad_hoc_recognizers priority_reservation priority_reservation_settings
  project prometheus_emit_stream_label prometheus_initialize_budget_metrics prometheus_metrics_config prompt_directory
  prompt_injection_params provider_budget_config public_agent_groups public_mcp_servers public_model_groups
  public_model_groups_links rate_limit_settings replicate_key
  require_auth_for_public_ai_hub responses_api_background_cost_tracking retry
  retry_policy return_response_headers routing_strategy s3_audit_callback_params
  secret_manager_client service_callback service_callbacks ssl_certificate ssl_ecdh_curve ssl_security_level
  ssl_verify standard_logging_payload_excluded_fields strip_internal_model_prefix
  suppress_debug_info tag_budget_config team_id_budget_config telemetry togetherai_api_key token
  upperbound_user_generate_params use_aiohttp_transport
  use_chat_completions_api use_chat_completions_url_for_anthropic_messages use_client use_litellm_proxy
  user_url_validation validate_end_user_id_in_db vertex_location vertex_project websearch_interception_params
`);

export const UNSUPPORTED_S3_PARAMS = words(`
  s3_api_version s3_aws_profile_name s3_aws_role_name s3_aws_session_name s3_aws_sts_endpoint
  s3_aws_web_identity_token s3_cache_control s3_config s3_endpoint_resolver s3_server_side_encryption s3_sse_kms_key_id
  s3_strip_base64_files s3_use_key_prefix s3_use_ssl s3_use_team_prefix s3_use_virtual_hosted_style s3_verify
`);

/** Of a cache's Redis, which is there for counting only. */
export const UNSUPPORTED_CACHE_PARAMS = words(`
  gcp_service_account gcp_ssl_ca_certs max_connections mode namespace redis_flush_size ssl_ca_certs ssl_cert_reqs
  ssl_certfile ssl_check_hostname ssl_keyfile supported_call_types ttl
`);

export const UNSUPPORTED_ROUTER_SETTINGS = words(`
  alerting_config allowed_fails_policy assistants_config cache_kwargs cache_responses caching_groups client_ttl
  content_policy_fallbacks context_window_fallbacks cooldown_policy custom_router_settings debug_level
  default_fallbacks default_litellm_params default_max_parallel_requests default_priority default_team_settings
  deployment_affinity_ttl_seconds disable_cooldowns enable_health_check_routing enable_pre_call_check
  enable_pre_call_checks enable_weighted_failover fallbacks guardrail_list health_check_ignore_transient_errors
  health_check_staleness_threshold ignore_invalid_deployments max_fallbacks max_retries model_group_affinity_config
  model_group_retry_policy model_list optional_pre_call_checks polling_interval provider_budget_config retry_after retry_policy
  router_general_settings routing_groups routing_strategy_args search_tools set_verbose stream_timeout
  tag_filtering_match_any tag_routing tag_routing_prefix weights
`);

/** Parameters of a deployment. Those that are fields of a request and have an effect are in request-fields.ts. */
export const UNSUPPORTED_LITELLM_PARAMS = words(`
  additional_drop_params allow_client_keepalive_override allow_dynamic_params allowed_model_region
  allowed_openai_params anthropic_beta api_type assistant_continue_message base_model betas bos_token bucket_name
  budget_duration cache cache_control_injection_points cache_key caching caching_groups callbacks client client_id
  client_secret complete_response configurable_clientside_auth_params context_window_fallback_dict cooldown_time
  credentials custom_prompt_dict default_api_key_rpm_limit default_api_key_tpm_limit default_headers deployment_id
  disable_add_transform_inline_image_block drop_params embedding_model enable_search_grounding
  ensure_alternating_roles eos_token extra_query failure_callback fallback_depth fallbacks fastest_response
  final_prompt_value force_timeout format generation_config guardrails headers hf_model_name hf_template_name hf_token
  id index_name initial_prompt_value itpm keep_alive keepalive_seconds knowledge_bases litellm_credential_name
  litellm_disabled_callbacks litellm_metadata litellm_request_debug litellm_session_id litellm_system_prompt
  litellm_trace_id logger_fn max_budget max_file_size_mb max_parallel_requests merge_reasoning_content_in_choices
  messages metadata mock_delay mock_timeout mock_tool_calls model_config model_info model_list model_response models
  ncompletions no-log num_beams num_ctx num_predict options order organization_id otpm plugins preset_cache_key
  project prompt prompt_id prompt_label prompt_variables prompt_version provider provider_affinity_header
  provider_specific_header proxy_server_request request_timeout retry_policy retry_strategy role_arn roles
  route safety_settings search_tool_name secret_fields session_id shared_session simplify_structured_output ssl_verify
  stop_sequences stream stream_options success_callback supports_system_message system tag_regex tenant_id
  text_completion think tokenizer_url transforms truncate truncation ttl turn_off_message_logging
  use_chat_completions_api use_client use_in_pass_through use_litellm_proxy use_xai_oauth user_continue_message
  vector_bucket_name vector_store_id vector_store_ids verbose wait_for_cooldown wandb_api_key weave_project_id
`);

/** Parameters of providers and integrations, told by how they begin. */
const PARAM_FAMILIES =
  /^(adaptive_router|arize|auto_router|aws|azure|bedrock|complexity_router|gcs|guided|humanloop|langfuse|langsmith|milvus|posthog|quality_router|s3|valkey|vertex|watsonx)_[a-z0-9_]+$/;

const PRICE_SHAPES = [
  /^(input|output)_cost_per_(token|token_cache_hit|character|image|image_token|audio_token|pixel|second|query|page|audio_per_second|video_per_second|video_per_frame)(_above_[a-z0-9]+(_tokens|_interval)?)?(_batches|_flex|_priority)?$/,
  /^cache_(read|creation)_input(_audio|_image)?_token_cost(_above_[a-z0-9]+(_tokens)?)*(_batches|_flex|_priority)?$/,
  /^(annotation|citation|code_interpreter|computer_use_input|computer_use_output|file_search|ocr|search_context|vector_store)_cost_per_[a-z0-9_]+$/,
  /^tiered_pricing$/,
];

/** True for a known parameter of a deployment that has no effect. */
export function isUnsupportedParam(name: string): boolean {
  return UNSUPPORTED_LITELLM_PARAMS.has(name) || PARAM_FAMILIES.test(name) || isUnsupportedPrice(name);
}

/** True for a price in a unit that is not counted yet: per second, per image, per character, in batches, … */
export function isUnsupportedPrice(name: string): boolean {
  return PRICE_SHAPES.some((shape) => shape.test(name));
}

/** Beside model_name, litellm_params and model_info. */
export const UNSUPPORTED_MODEL_FIELDS = words('provider model_group_alias tpm rpm blocked');

/** Fields of a key that have no default. */
export const UNSUPPORTED_USER_DEFAULTS = words(`
  auto_create_key max_parallel_requests metadata model_max_budget soft_budget
`);

export const UNSUPPORTED_KEY_DEFAULTS = words(`
  aliases allowed_cache_controls allowed_routes auto_rotate blocked budget_fallbacks budget_id budget_limits
  budget_mode config enforced_params guardrails key_alias key_type model_max_budget model_rpm_limit
  model_tpm_limit object_permission organization_id permissions policies project_id prompts rotation_interval
  router_settings rpm_limit_type send_invite_email soft_budget spend tags tpm_limit_type
`);

/** Fields of a team that have no default. */
export const UNSUPPORTED_TEAM_DEFAULTS = words(`
  access_group_ids allowed_passthrough_routes budget_limits guardrails model_rpm_limit model_tpm_limit
  object_permission policies prompts router_settings soft_budget team_member_key_duration
`);
