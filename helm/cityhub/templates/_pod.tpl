{{- /* One container. root, component, needs, name, arguments; probePort: of one that stays. */}}
{{- define "cityhub.container" -}}
- name: {{ .name }}
  image: {{ include "cityhub.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  args: {{ .arguments | toJson }}
  workingDir: /data
  envFrom:
    - configMapRef: {name: {{ include "cityhub.fullname" .root }}}
  env:
    {{- include "cityhub.environment" . | trim | nindent 4 }}
  securityContext: {{- include "cityhub.containerSecurity" .root | nindent 4 }}
  resources: {{- toYaml (get .root.Values.workloads .component).resources | nindent 4 }}
  volumeMounts: {{- include "cityhub.mounts" . | nindent 4 }}
  {{- if .probePort }}
  ports:
    - {name: {{ .name }}, containerPort: {{ .probePort }}}
    {{- with .serves }}
    - {name: http, containerPort: {{ . }}}
    {{- end }}
  {{- $probe := printf "httpGet: {path: %%s, port: %s}" .name }}
  startupProbe:
    {{ printf $probe "/startupz" }}
    periodSeconds: 5
    failureThreshold: 60
    timeoutSeconds: 5
  livenessProbe:
    {{ printf $probe "/livez" }}
    periodSeconds: 10
    failureThreshold: 3
    timeoutSeconds: 5
  readinessProbe:
    {{ printf $probe "/readyz" }}
    periodSeconds: 10
    failureThreshold: 3
    timeoutSeconds: 5
  lifecycle:
    preStop: {sleep: {seconds: 5}}
  {{- end }}
{{- end }}

{{- define "cityhub.environment" -}}
{{- if has "kafka" .needs }}
{{ include "cityhub.kafkaEnv" .root | trim }}
{{- end }}
{{- if has "database" .needs }}
{{ include "cityhub.databaseEnv" .root }}
{{- end }}
{{- if and (has "archive" .needs) .root.Values.archive.existingSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
{{ include "cityhub.secretEnv" (dict "name" . "secret" $.root.Values.archive.existingSecret "key" .) }}
{{- end }}
{{- end }}
{{- if .administers }}
- {name: CITYHUB_KEYCLOAK_ADMIN_SECRET_FILE, value: /run/secrets/keycloak/hub-admin}
{{- end }}
{{- with .probePort }}
- {name: CITYHUB_PROBE_PORT, value: {{ . | quote }}}
{{- end }}
{{- end }}

{{- define "cityhub.kafkaEnv" -}}
- {name: CITYHUB_KAFKA_BOOTSTRAP, value: {{ include "cityhub.bootstrap" . | quote }}}
{{- if eq .Values.kafka.mode "strimzi" }}
- {name: CITYHUB_KAFKA_MECHANISM, value: SCRAM-SHA-512}
- {name: CITYHUB_KAFKA_CA, value: /etc/cityhub/kafka/ca.crt}
- {name: CITYHUB_KAFKA_USERNAME, value: {{ include "cityhub.fullname" . }}}
{{ include "cityhub.secretEnv" (dict "name" "CITYHUB_KAFKA_PASSWORD" "secret" (include "cityhub.fullname" .) "key" "password") }}
{{- else }}
{{- with .Values.kafka.external }}
- {name: CITYHUB_KAFKA_MECHANISM, value: {{ .mechanism }}}
{{- if .tls.enabled }}
- {name: CITYHUB_KAFKA_CA, value: {{ .tls.existingSecret | empty | ternary "system" "/etc/cityhub/kafka/ca.crt" }}}
{{- end }}
{{ include "cityhub.secretEnv" (dict "name" "CITYHUB_KAFKA_USERNAME" "secret" .existingSecret "key" .usernameKey) }}
{{ include "cityhub.secretEnv" (dict "name" "CITYHUB_KAFKA_PASSWORD" "secret" .existingSecret "key" .passwordKey) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cityhub.mounts" -}}
- {name: data, mountPath: /data}
- {name: secrets, mountPath: /data/secrets.json, subPath: secrets.json, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if and (has "kafka" .needs) (include "cityhub.kafkaCa" .root) }}
- {name: kafka-ca, mountPath: /etc/cityhub/kafka, readOnly: true}
{{- end }}
{{- if and (has "archive" .needs) .root.Values.archive.existingClaim }}
- {name: archive, mountPath: /archive}
{{- end }}
{{- if .administers }}
- {name: keycloak-admin, mountPath: /run/secrets/keycloak, readOnly: true}
{{- end }}
- {name: files, mountPath: /etc/cityhub/files, readOnly: true}
{{- if .folders }}
- {name: folders, mountPath: /folders}
{{- end }}
{{- if has "partners" .needs }}
{{- range .root.Values.adapters.existingSecrets }}
- {name: partner-{{ . }}, mountPath: /run/secrets/{{ . }}, readOnly: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "cityhub.volumes" -}}
{{- $name := include "cityhub.fullname" .root }}
- name: data
{{- if eq .root.Values.data.mode "shared" }}
  persistentVolumeClaim: {claimName: {{ $name }}-data}
{{- else if .keeps }}
  persistentVolumeClaim: {claimName: {{ $name }}-{{ .component }}}
{{- else }}
  emptyDir: {sizeLimit: 2Gi}
{{- end }}
- name: secrets
  secret: {secretName: {{ .root.Values.secrets.existingSecret }}, defaultMode: 0440, items: [{key: {{ .root.Values.secrets.key }}, path: secrets.json}]}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- if has "kafka" .needs }}
{{- with include "cityhub.kafkaCa" .root | fromYaml }}
- name: kafka-ca
  secret: {secretName: {{ .name }}, items: [{key: {{ .key }}, path: ca.crt}]}
{{- end }}
{{- end }}
{{- if and (has "archive" .needs) .root.Values.archive.existingClaim }}
- name: archive
  persistentVolumeClaim: {claimName: {{ .root.Values.archive.existingClaim }}}
{{- end }}
{{- if .administers }}
- name: keycloak-admin
  secret: {secretName: {{ .administers }}, defaultMode: 0440, items: [{key: {{ .root.Values.keycloak.admin.key }}, path: hub-admin}]}
{{- end }}
- name: files
  configMap: {name: {{ $name }}-files}
{{- with .folders }}
- name: folders
  persistentVolumeClaim: {claimName: {{ . }}}
{{- end }}
{{- if has "partners" .needs }}
{{- range .root.Values.adapters.existingSecrets }}
- name: partner-{{ . }}
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- end }}
{{- end }}

{{- /* The pod of a kind: root, component, processes, needs, keeps, serves, folders (the claim). */}}
{{- define "cityhub.pod" -}}
metadata:
  labels:
    {{- include "cityhub.labels" . | nindent 4 }}
    {{- range .needs }}
    cityhub/to-{{ . }}: "true"
    {{- end }}
  annotations:
    checksum/settings: {{ include (print .root.Template.BasePath "/settings.yaml") .root | sha256sum }}
spec:
  serviceAccountName: {{ include "cityhub.fullname" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false # a Service called cityhub would give CITYHUB_PORT another meaning
  terminationGracePeriodSeconds: 90 # a statement of the store may take 60 s, leaving the consumer group 12 s
  securityContext: {{- include "cityhub.podSecurity" .root | nindent 4 }}
  {{- with include "cityhub.scheduling" . | trim }}{{ nindent 2 . }}{{ end }}
  {{- if has "kafka" .needs }}
  initContainers: # no hook: whoever waits for readiness would wait for topics that come after it
    {{- include "cityhub.container" (merge (dict "name" "topics" "arguments" (list "topics")) .) | nindent 4 }}
  {{- end }}
  containers:
    {{- range $index, $process := .processes }}
    {{- include "cityhub.container" (merge (dict "name" $process "arguments" (list $process) "probePort" (add 8081 $index)) $) | nindent 4 }}
    {{- end }}
  volumes: {{- include "cityhub.volumes" . | trim | nindent 4 }}
{{- end }}

{{- define "cityhub.scheduling" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - {name: {{ . }}}
  {{- end }}
{{- end }}
{{- with .root.Values.scheduling }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}
{{- if not .keeps }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {matchLabels: {{ include "cityhub.selector" . | fromYaml | toJson }}}
{{- end }}
{{- end }}
