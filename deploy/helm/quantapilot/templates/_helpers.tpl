{{- define "quantapilot.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* The five services: key in values, name, port. Called with the root; gives back YAML for `fromYamlArray`. */}}
{{- define "quantapilot.services" -}}
- { key: apiGateway, name: api-gateway, port: 3000 }
- { key: cursorIntegration, name: cursor-integration, port: 3001 }
- { key: githubIntegration, name: github-integration, port: 3002 }
- { key: notification, name: notification, port: 3003 }
- { key: dashboardBackend, name: dashboard-backend, port: 3004 }
{{- end }}

{{- define "quantapilot.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "quantapilot.labels" -}}
{{ include "quantapilot.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: quantapilot
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The image of one of our binaries. */}}
{{- define "quantapilot.image" -}}
{{- $image := .root.Values.image -}}
{{- $tag := default .root.Chart.AppVersion $image.tag -}}
{{- if eq $tag "latest" }}{{ fail "image.tag: `latest` says nothing about what runs; name a version" }}{{ end -}}
{{- list $image.registry $image.repository .name | compact | join "/" }}:{{ $tag }}
{{- end }}

{{- define "quantapilot.secretName" -}}
{{ default (printf "%s-secrets" (include "quantapilot.fullname" .)) .Values.secrets.existingSecret }}
{{- end }}

{{/* Without a password: that comes from a file. Called with `root` and `user`. */}}
{{- define "quantapilot.databaseUrl" -}}
{{- $postgres := .root.Values.postgres -}}
{{- $host := ternary (printf "%s-postgres" (include "quantapilot.fullname" .root)) $postgres.host $postgres.bundled -}}
postgres://{{ .user }}@{{ required "postgres.host: where your Postgres server is, because postgres.bundled is false" $host }}:{{ ternary 5432 $postgres.port $postgres.bundled }}/{{ $postgres.database }}
{{- with $postgres.sslMode }}?sslmode={{ . }}{{ end }}
{{- end }}

{{- define "quantapilot.redisUrl" -}}
{{- $redis := .Values.redis -}}
{{- if $redis.bundled }}redis://{{ include "quantapilot.fullname" . }}-redis:6379
{{- else }}{{ ternary "rediss" "redis" $redis.tls }}://{{ required "redis.host: where your Redis server is, because redis.bundled is false" $redis.host }}:{{ $redis.port }}
{{- end }}
{{- end }}

{{- define "quantapilot.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "quantapilot.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Pods of one component on different nodes where that is possible. */}}
{{- define "quantapilot.spread" -}}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "quantapilot.selector" . | nindent 6 }}
{{- end }}

{{/* Keys of the Secret as files: `keys` must be there, `optional` may be; `extraSecret` is another Secret that may be. */}}
{{- define "quantapilot.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "quantapilot.secretName" .root }}
          items:
            {{- range .keys }}
            - { key: {{ . }}, path: {{ . }} }
            {{- end }}
      {{- with .optional }}
      - secret:
          name: {{ include "quantapilot.secretName" $.root }}
          optional: true
          items:
            {{- range . }}
            - { key: {{ . }}, path: {{ . }} }
            {{- end }}
      {{- end }}
      {{- with .extraSecret }}
      - secret: { name: {{ . }}, optional: true }
      {{- end }}
{{- end }}

{{- define "quantapilot.secretMount" -}}
- { name: secrets, mountPath: /run/secrets/quantapilot, readOnly: true }
{{- end }}

{{- define "quantapilot.fileEnv" -}}
{{- range $variable, $key := . }}
- { name: {{ $variable }}_FILE, value: /run/secrets/quantapilot/{{ $key }} }
{{- end }}
{{- end }}

{{/* Addresses of each other: the services' default is the compose file's names, here they carry the release's. */}}
{{- define "quantapilot.addresses" -}}
{{- $root := . -}}
{{- range include "quantapilot.services" . | fromYamlArray }}
- { name: {{ .name | replace "-" "_" | upper }}_URL, value: "http://{{ include "quantapilot.fullname" $root }}-{{ .name }}:{{ .port }}" }
{{- end }}
- { name: N8N_URL, value: {{ include "quantapilot.n8nUrl" . | quote }} }
- { name: PUBLIC_URL, value: {{ .Values.publicUrl | quote }} }
{{- end }}

{{/* What a pod is made anew for: settings that it reads only at its start. A Secret of yours is not seen by the chart. */}}
{{- define "quantapilot.checksum" -}}
checksum/secret: {{ if .Values.secrets.existingSecret }}{{ .Values.secrets.existingSecret | sha256sum }}{{ else }}{{ omit .Values.secrets "existingSecret" | toJson | sha256sum }}{{ end }}
{{- end }}

{{/* With webhook processors a small proxy sends each path to the process that serves it. */}}
{{- define "quantapilot.n8nRouter" -}}
{{- if and .Values.n8n.queue.enabled (gt (int .Values.n8n.queue.webhookProcessors) 0) }}true{{ end }}
{{- end }}

{{- define "quantapilot.n8nUrl" -}}
{{- if include "quantapilot.n8nRouter" . }}http://{{ include "quantapilot.fullname" . }}-n8n-router:5678
{{- else }}http://{{ include "quantapilot.fullname" . }}-n8n:5678
{{- end }}
{{- end }}

{{/* A pod of this release, in a network policy. */}}
{{- define "quantapilot.peer" -}}
- podSelector:
    matchLabels:
      {{- include "quantapilot.selector" . | nindent 6 }}
{{- end }}
