{{- /* What the schema cannot say: values that do not go together end the rendering with a sentence. */}}
{{- define "cityhub.check" -}}
{{- include "cityhub.checkReferences" . }}
{{- include "cityhub.checkScale" . }}
{{- include "cityhub.checkStorage" . }}
{{- include "cityhub.checkFolders" . }}
{{- include "cityhub.checkNetwork" . }}
{{- end }}

{{- define "cityhub.need" -}}
{{- if not .value }}{{ fail (printf "%s is empty: %s" .name .remedy) }}{{ end }}
{{- end }}

{{- define "cityhub.checkReferences" -}}
{{- include "cityhub.need" (dict "value" .Values.publicUrl "name" "publicUrl" "remedy" "name the address that browsers use, as https://hub.example") }}
{{- include "cityhub.need" (dict "value" .Values.keycloak.url "name" "keycloak.url" "remedy" "name the address at which the hub reaches Keycloak, as http://keycloak:8080") }}
{{- include "cityhub.need" (dict "value" .Values.secrets.existingSecret "name" "secrets.existingSecret" "remedy" "name the Secret that holds what `cityhub secrets` printed") }}
{{- include "cityhub.need" (dict "value" .Values.database.existingSecret "name" "database.existingSecret" "remedy" "name the Secret that holds the address of the PostgreSQL database") }}
{{- if eq .Values.kafka.mode "external" }}
{{- with .Values.kafka.external }}
{{- include "cityhub.need" (dict "value" .bootstrap "name" "kafka.external.bootstrap" "remedy" "name Kafka's addresses as host:port,host:port, or set kafka.mode to strimzi") }}
{{- include "cityhub.need" (dict "value" .existingSecret "name" "kafka.external.existingSecret" "remedy" "name the Secret that holds the hub's log-in at Kafka") }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cityhub.checkScale" -}}
{{- range list (list "worker" "du.evt.") (list "gate" "du.in.") }}
{{- $component := first . }}
{{- $partitions := include "cityhub.partitions" (dict "root" $ "prefix" (last .)) | trim | splitList " " | uniq | sortAlpha | last | int }}
{{- $replicas := (get $.Values.workloads $component).replicas | int }}
{{- if gt $replicas $partitions }}
{{- fail (printf "workloads.%s.replicas is %d: its topics have %d partitions, more pods would have nothing to do" $component $replicas $partitions) }}
{{- end }}
{{- if and (eq $component "worker") $.Values.autoscaling.enabled }}
{{- with $.Values.autoscaling }}
{{- if gt (int .maxReplicas) $partitions }}
{{- fail (printf "autoscaling.maxReplicas is %d: an event topic has %d partitions, more workers would have nothing to do" (int .maxReplicas) $partitions) }}
{{- end }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail (printf "autoscaling.minReplicas is %d, more than autoscaling.maxReplicas, which is %d" (int .minReplicas) (int .maxReplicas)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cityhub.checkStorage" -}}
{{- with .Values.archive }}
{{- if and .url .existingClaim }}
{{- fail "archive.url and archive.existingClaim are both given: the archive lies in one place, leave one of them out" }}
{{- end }}
{{- if and (eq $.Values.data.mode "perPod") (not .url) (not .existingClaim) }}
{{- fail "archive.url is empty: several kinds of pod read the archive; name an object store, or a volume that they share as archive.existingClaim, or set data.mode to shared on a single node" }}
{{- end }}
{{- end }}
{{- if and (not .Values.city.enabled) (not (include "cityhub.realPartners" .)) }}
{{- fail "adapters.sources is empty: name at least one partner's system, or set city.enabled to true for the simulated city" }}
{{- end }}
{{- end }}

{{- define "cityhub.checkFolders" -}}
{{- $shared := eq .Values.data.mode "shared" }}
{{- range $feed, $source := .Values.adapters.sources }}
{{- $url := $source.url | default "" }}
{{- if and (hasPrefix "file:" $url) (not (and $shared (hasPrefix "file:///data/" $url))) (not (and $.Values.adapters.foldersClaim (hasPrefix "file:///folders/" $url))) }}
{{- fail (printf "adapters.sources.%s is a folder, %s: web and adapters both use it; name a volume that both may write as adapters.foldersClaim and a folder below file:///folders/, or with data.mode shared one below file:///data/" $feed $url) }}
{{- end }}
{{- end }}
{{- if and .Values.city.enabled (not $shared) }}
{{- fail "city.enabled is true: the simulated city puts files where web and adapters both look; set data.mode to shared on a single node, or name partners' systems in adapters.sources" }}
{{- end }}
{{- end }}

{{- define "cityhub.checkNetwork" -}}
{{- if .Values.networkPolicy.enabled }}
{{- $asked := dict "database" "the database" "keycloak" "Keycloak" }}
{{- if eq .Values.kafka.mode "external" }}{{ $_ := set $asked "kafka" "Kafka" }}{{ end }}
{{- if .Values.archive.url }}{{ $_ := set $asked "archive" "the object store" }}{{ end }}
{{- if include "cityhub.realPartners" . }}{{ $_ := set $asked "partners" "the partners' systems" }}{{ end }}
{{- range $name, $what := $asked }}
{{- if not (get $.Values.networkPolicy $name).to }}
{{- fail (printf "networkPolicy.%s.to is empty: name where %s may be reached, as podSelector, namespaceSelector or ipBlock, or set networkPolicy.enabled to false" $name $what) }}
{{- end }}
{{- end }}
{{- if not .Values.networkPolicy.web.from }}
{{- fail "networkPolicy.web.from is empty: name who may open the dashboard, such as the ingress controller's namespace, or set networkPolicy.enabled to false" }}
{{- end }}
{{- if and .Values.monitoring.enabled (not .Values.networkPolicy.monitoring.from) }}
{{- fail "networkPolicy.monitoring.from is empty: name who reads the metrics, such as Prometheus' namespace, or set monitoring.enabled to false" }}
{{- end }}
{{- end }}
{{- end }}
