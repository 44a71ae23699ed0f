package expr

import "strings"

// Chapter is a chapter of PostgreSQL's manual on functions, with the names that
// belong to it whether Sluice has them or not. A name stands in the first chapter
// that lists it.
type Chapter struct {
	Title string
	Names []string
}

// Chapters returns the chapters in the order of docs/functions.md.
func (r *Registry) Chapters() []Chapter {
	var out []Chapter
	for _, c := range chapterNames {
		out = append(out, Chapter{c[0], strings.Fields(c[1])})
	}
	return out
}

// chapterNames follow chapter 9 of PostgreSQL 15's manual.
var chapterNames = [][2]string{
	{"Mathematical", `abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 min_scale mod pi pow power radians
		random round scale setseed sign sqrt trim_scale trunc width_bucket acos acosd asin asind atan atan2 atan2d atand cos cosd cot cotd
		sin sind tan tand sinh cosh tanh asinh acosh atanh`},
	{"String", `bit_length char_length character_length lower normalize is_normalized octet_length overlay position substring upper
		ascii btrim chr concat concat_ws format initcap left length lpad ltrim md5 parse_ident pg_client_encoding quote_ident quote_literal
		quote_nullable repeat replace reverse right rpad rtrim split_part starts_with string_to_array string_to_table strpos substr to_ascii
		to_hex translate unistr`},
	{"Binary string", `bit_count get_bit get_byte set_bit set_byte sha224 sha256 sha384 sha512 convert convert_from convert_to decode encode`},
	{"Pattern matching", `regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
		regexp_split_to_table regexp_substr like notlike like_escape similar_escape similar_to_escape`},
	{"Formatting", `to_char to_date to_number to_timestamp`},
	{"Date and time", `age clock_timestamp date_bin date_part date_trunc extract isfinite justify_days justify_hours justify_interval
		make_date make_interval make_time make_timestamp make_timestamptz now overlaps statement_timestamp timeofday timezone
		transaction_timestamp pg_sleep pg_sleep_for pg_sleep_until`},
	{"Enumerations", `enum_first enum_last enum_range`},
	{"Geometry", `area center diagonal diameter height isclosed isopen npoints pclose popen radius slope width box bound_box circle line
		lseg path point polygon ishorizontal isvertical isparallel isperp`},
	{"Network addresses", `abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network set_masklen macaddr8_set7bit`},
	{"Text search", `array_to_tsvector get_current_ts_config numnode plainto_tsquery phraseto_tsquery websearch_to_tsquery querytree setweight
		strip to_tsquery to_tsvector json_to_tsvector jsonb_to_tsvector ts_debug ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank
		ts_rank_cd ts_rewrite ts_stat ts_token_type tsquery_phrase tsvector_to_array tsvector_update_trigger tsvector_update_trigger_column`},
	{"XML", `xmlagg xmlcomment xmlexists xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlvalidate xpath xpath_exists
		cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema query_to_xml
		query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema table_to_xml
		table_to_xml_and_xmlschema table_to_xmlschema`},
	{"JSON", `array_to_json json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
		json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_populate_record json_populate_recordset
		json_strip_nulls json_to_record json_to_recordset json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length
		jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
		jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
		jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record
		jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof
		row_to_json to_json to_jsonb`},
	{"Sequences", `currval lastval nextval setval`},
	{"Conditional", `greatest least num_nonnulls num_nulls`},
	{"Array", `array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend
		array_remove array_replace array_to_string array_upper cardinality subscript trim_array unnest`},
	{"Range", `isempty lower_inc lower_inf upper_inc upper_inf range_merge multirange int4range int8range numrange tsrange tstzrange daterange
		int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange`},
	{"Aggregate", `array_agg avg bit_and bit_or bit_xor bool_and bool_or count every json_agg json_object_agg jsonb_agg jsonb_object_agg max
		min range_agg range_intersect_agg string_agg sum`},
	{"Aggregates for statistics", `corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
		regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont percentile_disc`},
	{"Window", `row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value`},
	{"Set-returning", `generate_series generate_subscripts`},
	{"System information", `current_database current_query current_schema current_schemas current_user inet_client_addr inet_client_port
		inet_server_addr inet_server_port pg_backend_pid pg_blocking_pids pg_conf_load_time pg_current_logfile pg_is_other_temp_schema
		pg_jit_available pg_listening_channels pg_my_temp_schema pg_notification_queue_usage pg_postmaster_start_time
		pg_safe_snapshot_blocking_pids pg_trigger_depth session_user getpgusername getdatabaseencoding version
		has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
		has_language_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
		has_tablespace_privilege has_type_privilege pg_has_role row_security_active acldefault aclexplode makeaclitem
		pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
		pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
		pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible format_type pg_char_to_encoding pg_encoding_to_char
		pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_function_arguments pg_get_function_arg_default
		pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody pg_get_indexdef pg_get_keywords
		pg_get_partition_constraintdef pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_statisticsobjdef
		pg_get_statisticsobjdef_columns pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef
		pg_index_column_has_property pg_index_has_property pg_indexam_has_property pg_options_to_table pg_settings_get_flags
		pg_relation_is_publishable pg_tablespace_databases pg_tablespace_location pg_typeof pg_collation_for to_regclass to_regcollation
		to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype pg_describe_object pg_get_object_address
		pg_identify_object pg_identify_object_as_address col_description obj_description shobj_description
		mxid_age pg_current_xact_id pg_current_xact_id_if_assigned pg_current_snapshot pg_snapshot_xip pg_snapshot_xmax
		pg_snapshot_xmin pg_visible_in_snapshot pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact pg_xact_status
		txid_current txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin
		txid_visible_in_snapshot txid_status pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system`},
	{"System administration", `current_setting set_config pg_cancel_backend pg_log_backend_memory_contexts pg_reload_conf pg_rotate_logfile
		pg_terminate_backend pg_backup_start pg_backup_stop pg_create_restore_point pg_current_wal_flush_lsn pg_current_wal_insert_lsn
		pg_current_wal_lsn pg_switch_wal pg_walfile_name pg_walfile_name_offset pg_wal_lsn_diff pg_is_in_recovery pg_is_wal_replay_paused
		pg_get_wal_replay_pause_state pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_promote
		pg_wal_replay_pause pg_wal_replay_resume pg_export_snapshot pg_create_physical_replication_slot pg_drop_replication_slot
		pg_create_logical_replication_slot pg_copy_physical_replication_slot pg_copy_logical_replication_slot pg_logical_slot_get_changes
		pg_logical_slot_peek_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_binary_changes pg_replication_slot_advance
		pg_logical_emit_message pg_replication_origin_advance pg_replication_origin_create pg_replication_origin_drop
		pg_replication_origin_oid pg_replication_origin_progress pg_replication_origin_session_is_setup
		pg_replication_origin_session_progress pg_replication_origin_session_reset pg_replication_origin_session_setup
		pg_replication_origin_xact_reset pg_replication_origin_xact_setup pg_column_size pg_column_compression pg_database_size
		pg_indexes_size pg_relation_size pg_size_bytes pg_size_pretty pg_table_size pg_tablespace_size pg_total_relation_size
		pg_relation_filenode pg_relation_filepath pg_filenode_relation pg_collation_actual_version pg_database_collation_actual_version
		pg_import_system_collations pg_partition_tree pg_partition_ancestors pg_partition_root brin_summarize_new_values
		brin_summarize_range brin_desummarize_range gin_clean_pending_list pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_logicalmapdir
		pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_archive_statusdir pg_ls_tmpdir pg_read_file pg_read_binary_file pg_stat_file
		pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock
		pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock
		pg_try_advisory_xact_lock_shared pg_notify pg_get_shmem_allocations pg_get_backend_memory_contexts gen_random_uuid
		lo_create lo_creat lo_export lo_from_bytea lo_get lo_import lo_put lo_unlink suppress_redundant_updates_trigger pg_mcv_list_items
		pg_event_trigger_ddl_commands pg_event_trigger_dropped_objects pg_event_trigger_table_rewrite_oid
		pg_event_trigger_table_rewrite_reason pg_timezone_abbrevs pg_timezone_names`},
}
