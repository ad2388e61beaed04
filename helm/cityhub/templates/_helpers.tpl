{{- define "cityhub.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-{{ .Chart.Name }}{{ end }}
{{- end }}

{{- define "cityhub.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "cityhub.labels" -}}
{{ include "cityhub.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "cityhub.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- /* Partitions of a kind of topic, from the list that the code generates. */}}
{{- define "cityhub.partitions" -}}
{{- range .root.Files.Get "files/topics.yaml" | fromYamlArray }}
{{- if hasPrefix $.prefix .name }}{{ .partitions }} {{ end }}
{{- end }}
{{- end }}

{{- define "cityhub.replicas" -}}
{{- if and .root.Values.autoscaling.enabled (eq .component "worker") }}{{ .root.Values.autoscaling.minReplicas }}
{{- else }}{{ (get .root.Values.workloads .component).replicas | default 1 }}{{ end }}
{{- end }}

{{- define "cityhub.kafkaCluster" -}}
{{ include "cityhub.fullname" . }}-kafka
{{- end }}

{{- define "cityhub.bootstrap" -}}
{{- if eq .Values.kafka.mode "strimzi" }}{{ include "cityhub.kafkaCluster" . }}-kafka-bootstrap:9093
{{- else }}{{ .Values.kafka.external.bootstrap }}{{ end }}
{{- end }}

{{- /* Where the CA of Kafka's certificates lies: name and key of a Secret, or empty. */}}
{{- define "cityhub.kafkaCa" -}}
{{- if eq .Values.kafka.mode "strimzi" }}{name: {{ include "cityhub.kafkaCluster" . }}-cluster-ca-cert, key: ca.crt}
{{- else }}{{ with .Values.kafka.external.tls }}{{ if and .enabled .existingSecret }}{name: {{ .existingSecret }}, key: {{ .key }}}{{ end }}{{ end }}{{ end }}
{{- end }}

{{- define "cityhub.realPartners" -}}
{{- with .Values.adapters }}{{ if or .sources .transitUrl .registerUrl }}true{{ end }}{{ end }}
{{- end }}

{{- define "cityhub.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "cityhub.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "cityhub.secretEnv" -}}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}}
{{- end }}

{{- define "cityhub.databaseEnv" -}}
{{ include "cityhub.secretEnv" (dict "name" "CITYHUB_STORE_URL" "secret" .Values.database.existingSecret "key" .Values.database.key) }}
{{- end }}

{{- /* The hub's settings that hold no secret. */}}
{{- define "cityhub.settings" -}}
HOME: /tmp
CITYHUB_DATA: /data
CITYHUB_CACHE: /tmp/cache
CITYHUB_HOST: 0.0.0.0
CITYHUB_PORT: "8000"
CITYHUB_PROBE_HOST: 0.0.0.0
CITYHUB_PUBLIC_URL: {{ .Values.publicUrl }}
CITYHUB_LOG_LEVEL: {{ .Values.logLevel }}
CITYHUB_KEYCLOAK_URL: {{ .Values.keycloak.url }}
CITYHUB_ROOMS_PORT: "18093"
CITYHUB_ROOMS_URL: http://{{ include "cityhub.fullname" . }}-rooms:18093
{{- with .Values.archive }}
CITYHUB_ARCHIVE: {{ .url | default (.existingClaim | empty | ternary "" "/archive") | quote }}
CITYHUB_ARCHIVE_EVERY: {{ .everySeconds | quote }}
CITYHUB_ARCHIVE_KEEP: {{ .keepDays | quote }}
{{- end }}
CITYHUB_SOURCES: /etc/cityhub/files/sources.yaml
CITYHUB_RELEASES: /etc/cityhub/files/releases.yaml
CITYHUB_POLL_S: {{ .Values.adapters.pollSeconds | quote }}
CITYHUB_TRANSIT_URL: {{ .Values.adapters.transitUrl | quote }}
CITYHUB_REGISTER_URL: {{ .Values.adapters.registerUrl | quote }}
CITYHUB_CITY: {{ .Values.city.enabled | quote }}
CITYHUB_CITY_SEED: {{ .Values.city.seed | quote }}
CITYHUB_CITY_BACKFILL_HOURS: {{ .Values.city.backfillHours | quote }}
{{- end }}
