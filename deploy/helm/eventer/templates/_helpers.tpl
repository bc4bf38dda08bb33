{{- define "eventer.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "eventer.fullname" -}}
{{- $name := include "eventer.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "eventer.selectorLabels" -}}
app.kubernetes.io/name: {{ include "eventer.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "eventer.labels" -}}
{{ include "eventer.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "eventer.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "eventer.fullname" .) }}
{{- end }}

{{- define "eventer.allowedHosts" -}}
{{- $service := include "eventer.fullname" . }}
{{- $namespaced := printf "%s.%s" $service .Release.Namespace }}
{{- $names := list $service $namespaced (printf "%s.svc" $namespaced) (printf "%s.svc.cluster.local" $namespaced) }}
{{- concat $names .Values.allowedHosts | join "," }}
{{- end }}
