#!/bin/sh
# Lets Elasticsearch drop lines that are older than LOGS_RETENTION; run again at every start.
set -eu

until curl --fail --silent --output /dev/null "http://elasticsearch:9200/_cluster/health?wait_for_status=yellow&timeout=30s"; do sleep 2; done
curl --fail --silent --show-error --output /dev/null --request PUT --header 'content-type: application/json' \
  --data "{\"index_patterns\":[\"logs-quantapilot-*\"],\"data_stream\":{},\"priority\":500,\"template\":{\"lifecycle\":{\"data_retention\":\"${LOGS_RETENTION:-30d}\"},\"settings\":{\"number_of_replicas\":0}}}" \
  http://elasticsearch:9200/_index_template/quantapilot-logs
echo "retention.sh: lines are kept for ${LOGS_RETENTION:-30d}"
